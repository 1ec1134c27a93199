"""Headers to fields: which column of a spreadsheet holds what, how sure that is, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from dataclasses import field as dataclass_field
from hashlib import blake2b
from typing import Any

from service.sources.sheet import suggestions
from service.sources.sheet.aliases import (
    CURRENCY_WORDS,
    DETAILED_MARKS,
    KNOWN,
    LEGACY_MARKS,
    SUBSCRIPTION_MARKS,
    WALLET_MARKS,
    WORDS_OF,
    Known,
    folded,
)
from service.sources.sheet.faults import unreadable
from service.sources.sheet.fields import CURRENCIES_OF, FIELD_OF
from service.sources.sheet.grid import OWN_HEADER, Cell
from service.sources.sheet.reasons import REASONS, Reason, because

Samples = Sequence[Sequence[Cell]]
"""A few distinct values of every column, in the order of the columns."""

_CERTAIN, _LIKELY, _UNSURE = "certain", "likely", "unsure"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `position` from 1, its field or None, and how sure that is.

    `confidence` is certain, likely or unsure; `reason` an English sentence with `reason_code` for machines, and
    `reason_facts`, the values in it; `suggestion` a field that may fit but is not taken without somebody's word.
    """

    position: int
    header: str
    field: str | None = None
    confidence: str = _UNSURE
    reason_code: str = "unknown"
    reason: str = REASONS["unknown"]
    reason_facts: dict[str, str] = dataclass_field(default_factory=dict)
    suggestion: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The column as the API shows it."""
        return asdict(self)


def fingerprint(headers: Sequence[str]) -> str:
    """What a mapping is remembered under: the headers in their order, in one spelling.

    Columns we added behind them ourselves, in a file of problems, are left out: it is mapped as the original was.
    """
    names = (header for header in headers if not header.startswith(OWN_HEADER))
    return blake2b("\x1f".join(map(folded, names)).encode(), digest_size=16).hexdigest()


def score(headers: Sequence[str]) -> float:
    """How much a row looks like the header of a report: the number of different names that are known.

    Everyday words count half, so that a row of values never beats the real header.
    """
    points = 0.0
    for name in {folded(str(header)) for header in headers if header}:
        known = KNOWN.get(name)
        if known is not None:
            points += 1 if known.strong else 0.5
        elif name in CURRENCY_WORDS or name in _BY_POSITION or name in SUBSCRIPTION_MARKS or name in WALLET_MARKS:
            points += 0.5
    return points


_BY_POSITION = frozenset({folded("Estado"), folded("Preço da Oferta"), folded("Precio de la Oferta")})
"""Names whose field depends on the other headers."""


def recognise(headers: Sequence[str]) -> str:
    """The kind of report: sales_detailed, sales_legacy, subscriptions, wallet, or list for anything else."""
    names = {folded(header) for header in headers if header}
    fields = {KNOWN[name].field for name in names if name in KNOWN and KNOWN[name].strong}
    if fields.isdisjoint({"transaction", "ordered_at"}) and len(names & SUBSCRIPTION_MARKS) >= 3:
        return "subscriptions"
    if (
        fields.isdisjoint({"status", "email", "name"})
        and names & {"saldo", "balance"}
        and len(names & WALLET_MARKS) > 1
    ):
        return "wallet"
    detailed, legacy = len(names & DETAILED_MARKS), len(names & LEGACY_MARKS)
    if max(detailed, legacy) < 4:
        return "list"
    return "sales_detailed" if detailed >= legacy else "sales_legacy"


def refuse_other_reports(headers: Sequence[str]) -> None:
    """Raises UnreadableFile for the reports that hold no sales: subscriptions_report, wallet_statement."""
    kind = recognise(headers)
    if kind == "subscriptions":
        raise unreadable("subscriptions_report")
    if kind == "wallet":
        raise unreadable("wallet_statement")


def language_of(headers: Sequence[str]) -> str | None:
    """The language most headers are in: pt, en, es; None when none is ahead."""
    names = [folded(header) for header in headers]
    votes = Counter({language: sum(name in words for name in names) for language, words in WORDS_OF.items()})
    (first, most), (_, next_most) = votes.most_common(2)
    return first if most > next_most else None


def match(
    headers: Sequence[str], remembered: Mapping[Any, str | None] | None = None, samples: Samples | None = None
) -> list[Column]:
    """The field of every column, one column for one field.

    Known names first, then `remembered` (position from 1 to field, as somebody once confirmed for the same
    headers), then everyday words and similar names whose values agree. `samples` are values per column.
    """
    draft = _Draft(headers, samples)
    draft.known(strong=True)
    draft.remembered(remembered or {})
    draft.known(strong=False)
    draft.currencies()
    draft.similar()
    return draft.columns


class _Draft:
    """A mapping in the making; every step only touches columns and fields that are still free."""

    def __init__(self, headers: Sequence[str], samples: Samples | None) -> None:
        self.columns = [Column(position, header) for position, header in enumerate(headers, 1)]
        self.names = [folded(header) for header in headers]
        self.samples = samples
        self.kind = recognise(headers)
        self.language = language_of(headers)
        self.taken: set[str] = set()

    def values(self, column: Column) -> list[Cell]:
        return list(self.samples[column.position - 1]) if self.samples is not None else []

    def free(self) -> list[Column]:
        return [column for column in self.columns if column.field is None]

    def note(self, column: Column, reason: Reason, **changes: Any) -> None:
        told = replace(column, reason_code=reason.code, reason=reason.sentence, reason_facts=reason.facts)
        self.columns[column.position - 1] = replace(told, **changes)

    def give(self, column: Column, field: str, confidence: str, reason: Reason) -> None:
        self.taken.add(field)
        self.note(column, reason, field=field, confidence=confidence, suggestion=None)

    def known(self, *, strong: bool) -> None:
        """Give fields to columns with known names, the most telling name first."""
        claims = []
        for column in self.free():
            known = self._meaning(self.names[column.position - 1], self.values(column))
            if known is not None and known.strong is strong:
                claims.append((known.rank, column.position, known.field))
        for rank, position, field in sorted(claims):
            column = self.columns[position - 1]
            if field in self.taken:
                self.note(column, because("taken", field=field))
            elif not strong:
                self._give_if_values_agree(column, field)
            elif self.names[position - 1] in _BY_POSITION:
                self.give(column, field, _LIKELY, because("by_neighbours"))
            else:
                self.give(column, field, _CERTAIN, because("hotmart_header" if rank < 3 else "known_name"))

    def _give_if_values_agree(self, column: Column, field: str) -> None:
        if suggestions.agree(field, self.values(column)):
            self.give(column, field, _LIKELY, because("everyday_word"))
        else:
            self.note(column, because("values_disagree"), suggestion=field)

    def _meaning(self, name: str, values: list[Cell]) -> Known | None:
        if name == "estado":
            field = suggestions.state_or_status(values, self._gives_status(), self.language)
            return Known(field, 50, strong=True)
        if name in _BY_POSITION:
            # In the older report this is the seller's own net share, whatever it is called.
            return Known("net_offer", 50, strong=True) if self.kind == "sales_legacy" else None
        if name == "payment type" and "payment method" in self.names:
            return Known("billing_type", 100, strong=False)
        return KNOWN.get(name)

    def _gives_status(self) -> bool:
        return any(name in KNOWN and KNOWN[name].field == "status" for name in self.names)

    def remembered(self, mapping: Mapping[Any, str | None]) -> None:
        """Give fields as somebody confirmed for these headers before."""
        for position, field in mapping.items():
            column = self.columns[int(position) - 1] if 0 < int(position) <= len(self.columns) else None
            if column is None or column.field is not None or field in self.taken or field not in FIELD_OF:
                continue
            self.give(column, field, _LIKELY, because("remembered"))

    def currencies(self) -> None:
        """Give every bare `Moeda` to the amount it stands before, else to the one it stands after."""
        bare = [column for column in self.free() if self.names[column.position - 1] in CURRENCY_WORDS]
        for column in bare:
            field = self._currency_field(column, alone=len(bare) == 1)
            if field is not None and field not in self.taken:
                sure = _CERTAIN if self.kind != "list" else _LIKELY
                amount = self._amount_beside(column)
                reason = because("beside_amount", header=amount.header) if amount else because("only_currency")
                self.give(column, field, sure, reason)

    def _currency_field(self, column: Column, *, alone: bool) -> str | None:
        if alone and self.kind == "list" and (self.taken & {"paid", "gross"} or self._amount_beside(column) is None):
            return "currency"
        amount = self._amount_beside(column)
        return None if amount is None else _OWN_CURRENCY.get(str(amount.field), "receiving_currency")

    def _amount_beside(self, column: Column) -> Column | None:
        """The next amount to the right, up to the next bare currency; else the one right before."""
        for neighbour in self.columns[column.position :]:
            if self.names[neighbour.position - 1] in CURRENCY_WORDS:
                break
            if neighbour.field in _AMOUNTS:
                return neighbour
        before = self.columns[column.position - 2] if column.position > 1 else column
        return before if before.field in _AMOUNTS else None

    def similar(self) -> None:
        """Look for names that nearly match and for values that tell; never certain."""
        for column in self.free():
            if column.reason_code != "unknown":
                continue
            name = self.names[column.position - 1]
            for found in suggestions.suggest(name, self.values(column), self.taken):
                if found.likely:
                    self.give(column, found.field, _LIKELY, found.reason)
                else:
                    self.note(column, found.reason, suggestion=found.field)
                break


_AMOUNTS = frozenset(CURRENCIES_OF) | {"original_price"}
_OWN_CURRENCY = {
    "paid": "currency",
    "gross": "currency",
    "gross_receiving": "gross_receiving_currency",
    "net_offer": "net_currency",
    "net_home": "net_home_currency",
    "original_price": "original_currency",
    "fee": "fee_currency",
}
"""The field of a currency that stands beside an amount."""


def missing_fields(fields: set[str]) -> list[str]:
    """What a file needs and no column gives: `status` (which a default can give), `transaction` or `email`."""
    lacking = [] if "status" in fields else ["status"]
    return lacking if fields & {"transaction", "email"} else [*lacking, "transaction", "email"]
