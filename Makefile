# make run    try it: PostgreSQL, Redis, web and workers, with nothing installed but Python and make
# make test   everything the tests need, then ruff, mypy and pytest
.DEFAULT_GOAL := help
.PHONY: help run test bench lint lock words clean

# The first Python that is new enough; PYTHON=… chooses another one.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
# Test processes at once, each with servers of its own; files are never split between them.
WORKERS ?= 2
PIP := .venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make bench  the speed table of docs/performance.md"
	@echo "make lint   ruff and mypy only"
	@echo "make lock   compile requirements*.txt from requirements*.in"
	@echo "make words  collect what pages say into service/translations, and compile what is translated"
	@echo "make clean  remove what was built; data under var/ stays"

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Marco needs Python 3.11 or newer on the path (or PYTHON=/path/to/python)."; exit 1; }
	$(PYTHON) -m venv .venv

# The stamps are copies of what was installed: a changed file, not a newer date, installs again.
.PHONY: product tools
product: .venv/bin/python
	@cmp -s requirements.txt .venv/product.stamp || cmp -s requirements-dev.txt .venv/tools.stamp || { \
		echo "Installing into .venv (about a minute, once)"; \
		$(PIP) -r requirements.txt && cp requirements.txt .venv/product.stamp; }

tools: .venv/bin/python
	@cmp -s requirements-dev.txt .venv/tools.stamp || { \
		echo "Installing into .venv (about a minute, once)"; \
		$(PIP) -r requirements-dev.txt && cp requirements-dev.txt .venv/tools.stamp && cp requirements.txt .venv/product.stamp; }

run: product
	@exec .venv/bin/python -m service.runner

lint: tools
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

test: lint
	.venv/bin/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile

bench: tools
	.venv/bin/python -m tests.benchmarks

COMPILE := CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/python -m piptools compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: .venv/bin/python
	$(COMPILE) --output-file requirements.txt requirements.in
	$(COMPILE) --output-file requirements-dev.txt requirements-dev.in

# Collects new words into the catalogs of all languages and compiles them; what it leaves empty, a person translates.
BABEL := .venv/bin/pybabel --quiet
words: tools
	$(BABEL) extract --mapping-file babel.cfg --keywords _l --no-location --sort-output --no-wrap \
		--output-file .venv/messages.pot .
	for language in pt en es; do $(BABEL) update --input-file .venv/messages.pot --output-dir service/translations \
		--locale $$language --no-fuzzy-matching --no-wrap --ignore-obsolete --ignore-pot-creation-date \
		--init-missing || exit 1; done
	$(BABEL) compile --directory service/translations

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find service workers schemas tests -name __pycache__ -prune -exec rm -rf {} +
