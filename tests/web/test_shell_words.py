"""Every visible word in three languages; dates, numbers and money only as the reader writes them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import Environment, nodes

from service.store import users
from service.store.engine import transaction
from service.store.users import LANGUAGES
from service.web import locale
from tests.web.visitors import Visitor, a_user

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "service/templates").rglob("*.html"))
OURS = [path for path in TEMPLATES if path.name != "api_docs.html"]
"""The page of the API is Swagger's, in English like the interface it describes."""
SPOKEN = {"alt", "aria-label", "placeholder", "title"}
NEVER_TRANSLATED = {"Marco", "·", ":", "(", ")", ",", ".", "••••"}


def catalog(language: str) -> Catalog:
    with (ROOT / f"service/translations/{language}/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


def said() -> set[str | tuple[str, ...]]:
    """Every text of the code and the templates that is marked to be translated."""
    methods = [("web/**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None}
    found = extract_from_dir(ROOT / "service", methods, keywords=keywords)
    return {message for _, _, message, _, _ in found}


def test_there_is_something_to_say():
    assert len(said()) > 200
    assert "Sign in" in said()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalog_of_every_language(language):
    known = {message.id for message in catalog(language) if message.id}
    assert said() - known == set(), "run: make words"


@pytest.mark.parametrize("language", ["pt", "es"])
def test_every_text_is_translated(language):
    for message in catalog(language):
        if message.id:
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(texts), message.id
            assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", ["pt", "es"])
def test_a_translation_keeps_what_is_filled_in(language):
    def gaps(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)s", text))

    for message in catalog(language):
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            assert {frozenset(gaps(text)) for text in ids} == {frozenset(gaps(text)) for text in texts}, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_is_the_one_people_read(language):
    path = ROOT / f"service/translations/{language}/LC_MESSAGES/messages.mo"
    compiled = io.BytesIO()
    write_mo(compiled, catalog(language))
    compiled.seek(0)

    def texts(one: Catalog) -> dict[object, object]:
        return {str(message.id): message.string for message in one if message.id}

    with path.open("rb") as file:
        assert texts(read_mo(file)) == texts(read_mo(compiled)), "run: make words"


class Spoken(HTMLParser):
    """Collects what a template says by itself, outside of any expression."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"code", "pre", "script", "style"}
        self.texts += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"code", "pre", "script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.texts.append(data)


def spoken_by(source: str) -> list[str]:
    """Words of a template that no translation goes through."""
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.DOTALL)
    parser = Spoken()
    parser.feed(bare)
    words = [word for text in parser.texts for word in text.split()]
    return [word for word in words if re.search(r"[^\W\d_]", word) and word not in NEVER_TRANSLATED]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT / "service/templates")))
def test_a_template_says_nothing_by_itself(path):
    assert spoken_by(path.read_text("utf-8")) == []


def test_words_in_a_template_would_be_noticed():
    assert spoken_by('<p title="Hello">{{ _("Good") }} morning</p>') == ["Hello", "morning"]
    assert spoken_by("<code>flask</code> {{ name }} · {% if x %}{% endif %}") == []


MONEY = {"amount", "paid", "gross", "net", "revenue", "month", "week", "value", "price", "sum"}
COUNTS = {"arrivals"}
"""`arrivals.week` is a number of events."""


def names_in(node: nodes.Node) -> list[str]:
    """The last part of every name an expression reads: `one.month` is `month`."""
    if isinstance(node, nodes.Getattr):
        owner = node.node.name if isinstance(node.node, nodes.Name) else ""
        return [] if owner in COUNTS else [node.attr]
    if isinstance(node, nodes.Name):
        return [node.name]
    return [name for child in node.iter_child_nodes() for name in names_in(child)]


def raw_values(source: str) -> list[str]:
    """Money and moments that an expression prints without a filter of the locale."""
    tree, found = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source), []
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            found += _unfiltered(node)
    return found


def _unfiltered(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.TemplateData | nodes.Const):
        return []
    if isinstance(node, nodes.Filter):
        if node.name in {"money", "day", "moment", "clock", "ago", "number", "plain", "length"}:
            return []
        return _unfiltered(node.node)
    if isinstance(node, nodes.Call | nodes.Test | nodes.CondExpr):
        return []
    return [name for name in names_in(node) if name in MONEY or name.endswith("_at")]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT / "service/templates")))
def test_money_and_times_pass_the_filters_of_the_locale(path):
    assert raw_values(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source", ["{{ one.amount }}", "{{ sale.gross | upper }}", "{{ event.received_at }}", "{{ revenue }}"]
)
def test_raw_money_would_be_noticed(source):
    assert raw_values(source)


@pytest.mark.parametrize(
    ("language", "value", "currency", "shown"),
    [
        ("pt", "1234.50", "BRL", "R$ 1.234,50"),
        ("pt", "1234.5", "USD", "US$ 1.234,50"),
        ("pt", "1234", "CLP", "CLP 1.234"),
        ("pt", "1234.50", "CLP", "CLP 1.234,50"),
        ("pt", "-3", "BRL", "-R$ 3,00"),
        ("pt", "0.005", "BRL", "R$ 0,005"),
        ("pt", "123456789012345.67", "BRL", "R$ 123.456.789.012.345,67"),
        ("pt", "97.00", None, "? 97"),
        ("pt", None, "BRL", "\N{EN DASH}"),
        ("en", "1234.50", "BRL", "R$1,234.50"),
        ("es", "1234.50", "EUR", "1.234,50 €"),
    ],
)
def test_money_is_written_as_the_reader_writes_it(app: Flask, language, value, currency, shown):
    with app.test_request_context(headers={"Accept-Language": language}):
        assert locale.money(value and Decimal(value), currency).replace("\xa0", " ") == shown


def test_moments_are_those_of_the_sellers_zone(app: Flask):
    at = datetime(2026, 7, 2, 1, 30, tzinfo=UTC)
    with app.test_request_context(headers={"Accept-Language": "pt"}):
        assert locale.moment(at) == "01/07/2026 22:30"
        assert locale.day(at) == "1 de jul. de 2026"
        assert locale.day(None) == locale.moment(None) == locale.ago(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["1497.00", "BRL"], "R$ 1.497,00"),
        ("2026-04-25T12:00:00+00:00", "25/04/2026 09:00"),
        ("2026-04-25", "25 de abr. de 2026"),
        (True, "sim"),
        (12, "12"),
        ("Curso", "Curso"),
    ],
)
def test_values_of_facts_are_written_for_people(app: Flask, value, shown):
    with app.test_request_context(headers={"Accept-Language": "pt"}):
        assert locale.plain(value).replace("\xa0", " ") == shown


GREETING = {"pt": "Entrar", "en": "Sign in", "es": "Entrar"}


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("pt-BR,pt;q=0.9", "pt-BR"),
        ("en-US,en;q=0.8", "en"),
        ("es-MX", "es"),
        ("fr,en;q=0.5", "en"),
        ("fr", "pt-BR"),
        (None, "pt-BR"),
    ],
)
def test_without_a_choice_the_browser_decides_and_portuguese_is_usual(app, asked, spoken):
    a_user(app)
    headers = {"Accept-Language": asked} if asked else {}
    assert f'<html lang="{spoken}"' in Visitor(app).reads("/login", headers=headers)


def test_the_choice_of_a_visitor_is_kept_by_the_browser(app):
    a_user(app)
    visitor = Visitor(app)
    assert visitor.posts("/language", language="es", next="/login").location == "/login"
    assert '<html lang="es"' in visitor.reads("/login", headers={"Accept-Language": "en"})


def test_the_choice_of_a_user_follows_them_to_another_browser(app):
    user, laptop, phone = a_user(app), Visitor(app), Visitor(app)
    laptop.signs_in(user.email)
    laptop.posts("/language", language="en")
    phone.posts("/language", language="es")
    assert '<html lang="es"' in phone.reads("/login")
    phone.signs_in(user.email)
    assert '<html lang="en"' in phone.reads("/profile")


def test_a_language_or_theme_nobody_offers_is_refused(app):
    a_user(app)
    visitor = Visitor(app)
    assert visitor.posts("/language", language="tlh").status_code == 422
    assert visitor.posts("/theme", theme="pink").status_code == 422
    visitor.client.set_cookie("language", "tlh")
    visitor.client.set_cookie("theme", "pink")
    page = visitor.reads("/login")
    assert '<html lang="pt-BR">' in page


def test_a_theme_is_worn_before_the_first_paint_and_kept(app):
    user, visitor = a_user(app), Visitor(app)
    assert "data-bs-theme" not in visitor.reads("/login").split("<head>")[0]
    visitor.posts("/theme", theme="dark")
    assert '<html lang="pt-BR" data-bs-theme="dark">' in visitor.reads("/login")
    visitor.signs_in(user.email)
    visitor.posts("/theme", theme="light")
    with transaction(app.extensions["marco"].engine) as tx:
        assert users.with_email(tx, user.email).theme == "light"
    assert 'data-bs-theme="light"' in visitor.reads("/profile")
    visitor.posts("/theme", theme="system")
    assert "data-bs-theme" not in visitor.reads("/profile").split("<head>")[0]
