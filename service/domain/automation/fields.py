"""Fields: what filters and templates may speak of, by key or by the Portuguese label people know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from service.domain.automation.values import FieldType, Value, bare, nearest, value_of

Made = Callable[[str], str | None]
Source: TypeAlias = "str | tuple[Made, str] | Callable[[Known], Any]"
"""Where a value is read: `row.column`, what a function makes of the text found there, or a rule of its own."""


class Field(NamedTuple):
    """One field. The key is stored in filters and templates and never changes.

    `sources` are asked in order, the first with a value answers. `style` says how a date is written where nothing else
    is asked for: `iso` (in UTC) or `day` (in the zone of the account).
    """

    key: str
    type: FieldType
    label: str
    sources: tuple[Source, ...]
    style: str = "iso"

    def read(self, known: Known) -> Value | None:
        """The value; None where nothing known gives one."""
        return next((value for source in self.sources if (value := self._from(known, source)) is not None), None)

    def _from(self, known: Known, source: Source) -> Value | None:
        if callable(source):
            return value_of(source(known), self.type)
        made, path = source if isinstance(source, tuple) else (None, source)
        row, _, column = path.partition(".")
        stored = _stored(getattr(known, row), column, self.type)
        if made is None or not stored:
            return value_of(stored, self.type)
        return made(str(stored))


@dataclass(frozen=True, slots=True)
class Known:
    """The rows a promise's fields are read from, each as a mapping; what is not known is left out.

    `newest` is the newest value of every field over the facts of the promise's subject (`fold.merge`): it holds
    what the ledger does not. Amounts and moments may be the ledger's texts or what a database makes of them.
    """

    purchase: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    subscription: Mapping[str, Any] = field(default_factory=dict)
    milestone: Mapping[str, Any] = field(default_factory=dict)
    newest: Mapping[str, Any] = field(default_factory=dict)
    recovery: Mapping[str, Any] = field(default_factory=dict)
    lead: Mapping[str, Any] = field(default_factory=dict)


def _stored(row: Mapping[str, Any], column: str, kind: FieldType) -> Any:
    """What a row holds; an amount is two columns there, and a pair in a fact."""
    if kind is FieldType.MONEY and f"{column}_value" in row:
        return row[f"{column}_value"], row[f"{column}_currency"]
    return row.get(column)


class Catalogue:
    """Fields, found by key or by label; a label in any case, with or without accents and punctuation."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self._of_key = {one.key: one for one in fields}
        self._of_name = {bare(one.label): one for one in fields} | {bare(one.key): one for one in fields}

    def __iter__(self) -> Iterator[Field]:
        return iter(self._of_key.values())

    def __len__(self) -> int:
        return len(self._of_key)

    def __getitem__(self, key: str) -> Field:
        """The field with this key. Raises KeyError."""
        return self._of_key[key]

    def find(self, name: str) -> Field | None:
        """The field with this key or label; None when there is none."""
        return self._of_key.get(name) or self._of_name.get(bare(name))

    def suggest(self, name: str) -> str | None:
        """The label or key most like a name that is none; None when nothing is near."""
        found = nearest(name, self._of_name)
        if found is None:
            return None
        one = self._of_name[found]
        return one.key if "_" in name else one.label

    def read(self, known: Known) -> dict[str, Value]:
        """Every field that has a value, by key."""
        return {one.key: value for one in self if (value := one.read(known)) is not None}
