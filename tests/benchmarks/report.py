"""The table: printed, and kept in docs/performance.md between two marks; what people wrote around it stays."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from service.settings import ROOT
from tests.benchmarks.house import House
from tests.benchmarks.load import generator
from tests.benchmarks.peers.environment import PACKAGES
from tests.benchmarks.result import Line, figure
from tests.benchmarks.scale import Scale

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DURABLE = """
SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name) FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
"""
LIBRARIES = ("flask", "gunicorn", "rq", "redis", "sqlalchemy", "psycopg", "openpyxl", "python-calamine")


def told(lines: Sequence[Line], circumstances: str) -> str:
    """The measured part of the page."""
    notes = [f"- {line.number}: {note}." for line in lines for note in line.besides]
    return "\n".join([circumstances, "", *table(lines), "", "Beside the table, by its rows:", "", *notes])


def table(lines: Sequence[Line]) -> list[str]:
    """The lines as a Markdown table: medians, with the lowest and the highest round in brackets."""
    head = ["| # | Measured | Reach | Value | Reached | Ours | Against |", f"|{' --- |' * 7}"]
    return head + [
        f"| {line.number} | {line.name} | {line.reach} | {figure(line.value)} | {line.verdict} | {line.ours} |"
        f" {line.over or '-'} |"
        for line in lines
    ]


def circumstances(house: House, scale: Scale, flush: str, busy: float, now: datetime) -> str:
    """Where and with what it was measured."""
    ((server,),) = house.ask("SHOW server_version")
    ((durable,),) = house.ask(DURABLE)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    peers, web = ", ".join(PACKAGES[:3]), house.settings
    machine = f"{_processor()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
    return f"""\
Measured by `make bench` on {now.astimezone(UTC):%d %B %Y}: medians of {scale.rounds} round(s) of one run, the lowest
and the highest in brackets. The numbers are those of one machine; the ratios travel better.

- Machine: {machine}, {platform.system()} {platform.machine()}, {busy:.0f} % busy
  before the run. Load generator, web, workers, PostgreSQL and Redis share it.
- Versions: Python {platform.python_version()}, PostgreSQL {server}, {libraries}.
- Peers: {peers}.
- Durability: {durable}. Flush cost: {flush}.
- Web: `gunicorn.conf.py` as it is, {web.web_processes} processes of {web.web_threads} threads. Load: {generator()},
  {scale.connections} kept-alive connections."""


def write(measured: str, page: Path = PAGE) -> None:
    """Put the measured part in its place on the page; the rest of the page stays as it is."""
    text = page.read_text("utf-8")
    before, found, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"{page} has lost its marks {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", "utf-8")


def _processor() -> str:
    """What the machine calls its processor."""
    listing = Path("/proc/cpuinfo")
    text = listing.read_text("utf-8") if listing.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()
