"""What the URL of a list asks for: understood by the schema of the API, shown as a form and as chips to take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import request
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from marshmallow import Schema
from marshmallow import fields as kinds

from schemas.asking import ABSENT
from service.web.pages.sales.periods import OWN

Words = Mapping[str, LazyString | str]
PAGING = ("after", "size", "totals", "format", "language")
"""What of a URL is no filter."""
WITHOUT = _l("none")
YES_NO: Words = {"yes": _l("Yes"), "no": _l("No")}


class Field(NamedTuple):
    """One filter: a box to write into, or with `words` values to choose from, one or `many`.

    The `first` ones stand open. `may_lack` offers the rows that have none of it.
    """

    name: str
    label: LazyString
    words: Words | None = None
    type: str = "text"
    first: bool = False
    many: bool = False
    may_lack: bool = False


class Chip(NamedTuple):
    """One filter that is set, and the address without it."""

    label: LazyString
    says: LazyString | str
    url: str


class Question(NamedTuple):
    """A list as it is asked for. `given` are the filters as the URL has them, `wrong` those it has in vain."""

    asked: dict[str, Any]
    given: tuple[tuple[str, str], ...]
    wrong: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """Which filters are set."""
        return frozenset(name for name, _ in self.given)

    def values(self, name: str) -> list[str]:
        """What a filter is set to."""
        return [value for given, value in self.given if given == name]


def question(schema: Schema) -> Question:
    """What this request asks for; the schema leaves out what it does not know, wrong values are left out and named."""
    raw = _raw(schema)
    wrong = tuple(sorted(str(name) for name in schema.validate(raw)))
    kept = {name: value for name, value in raw.items() if name not in wrong}
    asked: dict[str, Any] = dict(schema.load(kept))
    given = tuple(
        (name, value)
        for name, values in kept.items()
        if name not in PAGING
        for value in (values if isinstance(values, list) else [values])
    )
    return Question(asked, given, wrong)


def _raw(schema: Schema) -> dict[str, Any]:
    many = {field.data_key or name for name, field in schema.fields.items() if isinstance(field, kinds.List)}
    known = {field.data_key or name for name, field in schema.fields.items()}
    raw: dict[str, Any] = {}
    for name, values in request.args.lists():
        written = [value.strip() for value in values if value.strip()]
        if written and name in known and name not in OWN:
            raw[name] = written if name in many else written[-1]
    return raw


def chips(asked: Question, fields: Iterable[Field], more: Mapping[str, tuple[LazyString, Words]]) -> list[Chip]:
    """The filters that are set, with an address without each; `more` are those that no box sets."""
    labels = {field.name: (field.label, field.words or {}) for field in fields} | dict(more)
    found = []
    for name, value in asked.given:
        if name not in labels:
            continue
        label, words = labels[name]
        found.append(Chip(label, words.get(value, WITHOUT if value == ABSENT else value), without(name, value)))
    return found


def without(name: str, value: str) -> str:
    """The address of this page without one filter, from its first row."""
    kept = [pair for pair in _pairs() if pair[0] not in PAGING and pair != (name, value)]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def address(path: str, **instead: str | None) -> str:
    """Another address with the filters of this page; `instead` sets some anew, None takes one away."""
    kept = [(name, value) for name, value in _pairs() if name not in PAGING and name not in instead]
    kept += [(name, value) for name, value in instead.items() if value is not None]
    return f"{path}?{urlencode(kept)}" if kept else path


def _pairs() -> list[tuple[str, str]]:
    return [(name, value.strip()) for name, value in request.args.items(multi=True) if value.strip()]
