"""Rows to facts, by a reading that is compiled once: a file has many rows and few kinds of cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from service.domain.facts import Certainty, Fact, Fields, Kind
from service.domain.statuses import STAGE, Status
from service.sources.contact import country_of, document_of, email_of, phone_of, postcode_of
from service.sources.seal import sealed
from service.sources.sheet import echo
from service.sources.sheet.amounts import Amounts
from service.sources.sheet.dates import instant_of_cell
from service.sources.sheet.numbers import Mark, number_of, number_of_cell
from service.sources.sheet.problems import Problem, Unreadable
from service.sources.sheet.reading import Reading
from service.sources.sheet.values import BLANKS, LONGEST_CODE, text_of
from service.sources.sheet.words import is_order_bump, payment_type_of, sold_as_of, status_of_label
from service.sources.spelling import plain

TEXTS = frozenset(
    {
        "transaction",
        "product_id",
        "product_name",
        "offer_code",
        "offer_name",
        "coupon",
        "subscriber_code",
        "plan_name",
        "src",
        "sck",
        "channel",
        "affiliate",
        "affiliate_code",
        "refusal_reason",
        "processor",
        "producer",
        "producer_document",
        "billing_type",
        "name",
        "state",
        "city",
        "address",
        "address_number",
        "address_complement",
        "district",
        "instagram",
        "parent_transaction",
    }
)
CODES = frozenset({"transaction", "parent_transaction", "product_id", "offer_code", "subscriber_code", "coupon"})
INTEGERS = frozenset({"installments", "charge_count", "recurrence_number", "quantity"})
DATES = ("ordered_at", "approved_at", "due_at")
LARGEST_INTEGER = 10**6
SHOWN_CHARACTERS = 200


class RowFacts(NamedTuple):
    """What a row says. Without a fact the row failed and `problems` say why; `notes` cost only their field."""

    fact: Fact | None
    problems: list[Problem]
    notes: list[Problem]


def facts_of_row(reading: Reading, account_key: str, row_number: int, body: Mapping[str, Any]) -> RowFacts:
    """The fact of one staged row.

    `body` is `{"cells": [...]}` with, in rows without transaction code, an `occurrence`, and `surplus` where a row
    has cells beyond the header. `row_number` is that of the spreadsheet, for the problems; it is no part of the
    fact, so that equal rows give equal facts.
    """
    return _compiled(reading).facts(account_key, row_number, body)


@lru_cache(maxsize=8)
def _compiled(reading: Reading) -> _Translator:
    return _Translator(reading)


class _Translator:
    """A reading made ready: a flat list of (index, field, parser), and the few cells that need each other."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.width = len(reading.headers)
        self.index_of = {field: position - 1 for position, field in reading.mapping.items()}
        self.texts = [(index, field) for field, index in self.index_of.items() if field in TEXTS]
        self.parsers = [
            (index, field, parser)
            for field, index in self.index_of.items()
            if (parser := self._parser(field, reading.marks.get(index + 1))) is not None
        ]
        self.amounts = Amounts(reading)
        self.status_of: dict[str, Status] = {}
        self.zone = zone = ZoneInfo(reading.zone)
        self.dates = [
            (self.index_of[field], field, reading.orders[self.index_of[field] + 1], zone)
            for field in DATES
            if field in self.index_of
        ]
        # In the older report every sale carries the seller's own affiliation code.
        self.affiliate_code_needs_name = reading.kind == "sales_legacy" and "affiliate" in self.index_of

    def _parser(self, field: str, mark: Mark | None) -> Callable[[Any], Any] | None:
        if field in INTEGERS:
            return lambda cell: _whole(cell, mark or Mark.DOT)
        return {"payment_type": _payment_type, "sold_as": _sold_as}.get(field)

    def facts(self, account_key: str, row_number: int, body: Mapping[str, Any]) -> RowFacts:
        cells: list[Any] = body["cells"]
        if len(cells) < self.width:
            cells = cells + [None] * (self.width - len(cells))
        row = _Row(self, row_number, cells)
        row.read()
        if body.get("surplus"):
            row.refuse_shifted(body["surplus"])
        fact = row.fact(account_key, body.get("occurrence") or 1) if not row.problems else None
        return RowFacts(fact if not row.problems else None, row.problems, row.notes)


class _Row:
    """One row while it is read."""

    __slots__ = ("cells", "echo", "email", "fields", "moments", "notes", "number", "problems", "status", "translator")

    def __init__(self, translator: _Translator, number: int, cells: list[Any]) -> None:
        self.translator = translator
        self.number = number
        self.cells = cells
        self.fields: Fields = {}
        self.moments: dict[str, datetime] = {}
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.email: str | None = None
        self.status: Status | None = None
        self.echo: echo.Said = {}

    def text(self, field: str) -> str:
        """The text of the cell mapped to a field, "" when blank or not mapped."""
        index = self.translator.index_of.get(field)
        return "" if index is None else text_of(self.cells[index])

    def trouble(self, field: str, fault: Unreadable) -> Problem:
        """A problem with the cell of a field."""
        index = self.translator.index_of.get(field)
        header = None if index is None else self.translator.reading.headers[index]
        value = self.text(field)[:SHOWN_CHARACTERS]
        position = None if index is None else index + 1
        return Problem(self.number, position, header, field, value, fault.code, fault.message, fault.hint, fault.facts)

    def read(self) -> None:
        """Read every mapped cell; what cannot be read becomes a problem or a note."""
        self._read_texts()
        self._read_parsed()
        self._read_dates()
        self._read_status()
        self._read_buyer()
        self._read_money()
        self._settle_order()
        self._read_echo()

    def _read_echo(self) -> None:
        """In a file of ours: what the cells could not hold."""
        index = self.translator.index_of.get("exact")
        if index is None:
            return
        try:
            self.echo = echo.said(self.cells[index])
            if self.echo:
                echo.settle(self.echo, self.fields, self.translator.zone)
        except Unreadable as fault:
            self.problems.append(self.trouble("exact", fault))

    def refuse_shifted(self, surplus: int) -> None:
        """A row with more cells than the header has slipped sideways: no cell of it can be trusted."""
        fault = Unreadable("shifted_row", surplus=surplus)
        self.problems = [
            Problem(self.number, None, None, "row", "", fault.code, fault.message, fault.hint, fault.facts)
        ]

    def _read_texts(self) -> None:
        cells, fields = self.cells, self.fields
        for index, field in self.translator.texts:
            cell = cells[index]
            if cell is None or cell in BLANKS:
                continue
            if type(cell) is str and len(cell) <= LONGEST_CODE:
                fields[field] = cell
            else:
                self._read_unusual_text(field)

    def _read_unusual_text(self, field: str) -> None:
        text = self.text(field)
        self.fields[field] = text
        if len(text) > LONGEST_CODE and field in CODES:
            self.problems.append(self.trouble(field, Unreadable("too_long", limit=LONGEST_CODE)))

    def _read_parsed(self) -> None:
        for index, field, parser in self.translator.parsers:
            cell = self.cells[index]
            if cell is None or cell in BLANKS:
                continue
            try:
                value = parser(cell)
            except Unreadable as fault:
                self.problems.append(self.trouble(field, fault))
                continue
            if value is not None:
                self.fields[field] = value

    def _read_dates(self) -> None:
        for index, field, order, zone in self.translator.dates:
            cell = self.cells[index]
            if cell is None or cell in BLANKS:
                continue
            try:
                moment = instant_of_cell(cell, order, zone)
            except Unreadable as fault:
                self.problems.append(self.trouble(field, fault))
                continue
            self.moments[field] = moment
            self.fields[field] = moment.isoformat()

    def _read_status(self) -> None:
        label = self.text("status")
        if not label:
            self.status = self.translator.reading.status
            if self.status is None:
                self.problems.append(self.trouble("status", Unreadable("missing_status")))
            return
        known = self.translator.status_of.get(label)
        if known is None:
            known = self.translator.reading.words.get(plain(label)) or status_of_label(label)
            if known is None:
                self.problems.append(self.trouble("status", Unreadable("unknown_status")))
                return
            self.translator.status_of[label] = known
        self.status = known

    def _read_buyer(self) -> None:
        country = self._read_country()
        self._read_email()
        phone, area = self.text("phone"), self.text("phone_area")
        if phone:
            self._put("phone", phone_of(phone, area, country))
            self.fields["phone_text"] = f"{area} {phone}" if area and not phone.startswith(area) else phone
        document = self.text("document")
        if document:
            self._put("document", document_of(document, country))
        postcode = self.text("postcode")
        if postcode:
            self.fields["postcode"] = postcode_of(postcode, country)

    def _read_country(self) -> str | None:
        written = self.text("country")
        if not written:
            return None
        code = country_of(written)
        self.fields["country"] = code or written
        if code is None:
            self.notes.append(self.trouble("country", Unreadable("unknown_country")))
        return code

    def _read_email(self) -> None:
        written = self.text("email")
        if not written:
            return
        self.email = email_of(written)
        if written != self.email:
            self.fields["email_text"] = written
        if self.email is None:
            # With a transaction code the sale is sure; it only has no client.
            (self.notes if "transaction" in self.fields else self.problems).append(
                self.trouble("email", Unreadable("not_an_email"))
            )

    def _read_money(self) -> None:
        amounts, faults = self.translator.amounts.of_row(self.cells, self.fields.get("sold_as"))
        self.fields.update(amounts)
        for field, fault, fatal in faults:
            (self.problems if fatal else self.notes).append(self.trouble(field, fault))

    def _put(self, field: str, value: Any) -> None:
        if value is not None:
            self.fields[field] = value

    def _settle_order(self) -> None:
        """Which order a row belongs to: bumps hang on their main transaction, renewals on none."""
        fields = self.fields
        if self.translator.affiliate_code_needs_name and "affiliate" not in fields:
            fields.pop("affiliate_code", None)
        if fields.get("payment_type") == "FINANCED_INSTALLMENT" or plain(fields.get("billing_type", "")) == (
            "parcelado hotmart"
        ):
            fields["financed"] = True
        parent = fields.get("parent_transaction")
        renewal = "subscriber_code" in fields and max(fields.get("charge_count", 1), self._recurrence()) > 1
        if parent is not None and (parent == fields.get("transaction") or renewal):
            del fields["parent_transaction"]
            parent = None
        tool, role = is_order_bump(self.text("sales_tool")), is_order_bump(self.text("sold_as"))
        said = tool if tool is not None else role
        if (said or (parent and said is None)) and not renewal:
            fields["is_bump"] = True
        elif parent and said is False:
            fields["is_bump"] = False

    def _recurrence(self) -> int:
        return int(self.fields.get("recurrence_number", 1))

    def fact(self, account_key: str, occurrence: int) -> Fact | None:
        """The fact of the row; None, with a problem, when nothing tells which sale it is."""
        fields, reading = self.fields, self.translator.reading
        transaction = fields.get("transaction")
        if transaction is None and self.email is None:
            self.problems.append(self.trouble("transaction", Unreadable("no_identity")))
            return None
        code = self.echo.get("code") or transaction or self._row_key(account_key, occurrence)
        return sealed(
            Fact(
                kind=Kind.PURCHASE,
                subject=f"t:{code}",
                source="sheet",
                said="row",
                as_of=self._as_of(),
                certainty=min(reading.certainty, Certainty.GUESSED) if self.echo else reading.certainty,
                occurred_at=self._occurred_at(),
                fields=fields,
                email=self.email,
                status=self.status,
            )
        )

    def _as_of(self) -> datetime:
        moment = self.translator.reading.as_of
        return min(moment, echo.as_of(self.echo)) if self.echo else moment

    def _occurred_at(self) -> datetime:
        """As the fields tell it, which are exact where a file of ours told more than its cells."""
        paid = self.status is not None and STAGE[self.status] >= STAGE[Status.APPROVED]
        said = (paid and self.fields.get("approved_at")) or self.fields.get("ordered_at")
        if said:
            return datetime.fromisoformat(said)
        return echo.newest(self.echo) if self.echo else self.translator.reading.as_of

    def _local_order_date(self) -> str:
        """As the file tells it: the same whatever time zone it is read in."""
        moment = self.moments.get("ordered_at")
        return "" if moment is None else moment.astimezone(self.translator.zone).replace(tzinfo=None).isoformat()

    def _row_key(self, account_key: str, occurrence: int) -> str:
        """A key that is the same whenever the same file is read again, whatever its status by then."""
        fields = self.fields
        amount = next((fields[name][0] for name in ("paid", "gross", "gross_receiving", "net") if name in fields), "")
        parts = (
            account_key,
            self.email or "",
            fields.get("product_id") or plain(fields.get("product_name", "")),
            self._local_order_date(),
            amount,
            str(occurrence),
        )
        return "row-" + blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _payment_type(cell: Any) -> str | None:
    text = text_of(cell)
    return payment_type_of(text) if text else None


def _sold_as(cell: Any) -> str | None:
    return sold_as_of(text_of(cell))


def _whole(cell: Any, mark: Mark) -> int | None:
    return _whole_of_text(cell, mark) if type(cell) is str else _whole_of_number(number_of_cell(cell))


@lru_cache(maxsize=2048)
def _whole_of_text(text: str, mark: Mark) -> int | None:
    number = text.strip().lower().removesuffix("x").strip()
    return _whole_of_number(number_of(number, mark)[0])


def _whole_of_number(number: Any) -> int:
    if number != number.to_integral_value() or not 0 <= number <= LARGEST_INTEGER:
        raise Unreadable("not_a_whole_number")
    return int(number)
