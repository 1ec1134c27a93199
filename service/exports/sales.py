"""All sales as a file: the columns of Hotmart's detailed report, in the words our own import knows.

What we export imports back as unchanged; what no column of that report can hold stands in `Marco: exact`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, RowMapping

from service.domain.money import amount_text
from service.domain.statuses import Status
from service.exports import csv_file, xlsx_file
from service.exports.columns import LOOKS, Column, Kind, Row, Value
from service.sources.sheet.currencies import currency_of
from service.sources.sheet.dates import EARLIEST, LATEST, instant_of
from service.sources.sheet.echo import MOMENTS, shown, written
from service.sources.sheet.fields import FIELD_OF
from service.store.exporting import ALL_SALES, CONTACT, SalesFilter, sales

TEXTS = (
    *("transaction", "product_id", "product_name", "offer_code", "offer_name", "coupon", "subscriber_code"),
    *("plan_name", "src", "sck", "channel", "affiliate", "affiliate_code", "refusal_reason", "payment_type"),
    *("billing_type", "parent_transaction"),
)
CODES = {"transaction", "product_id", "offer_code", "coupon", "subscriber_code", "parent_transaction", "affiliate_code"}
MONEY_CURRENCY = {
    "paid": "currency",
    "gross": "currency",
    "gross_receiving": "gross_receiving_currency",
    "net_producer": "receiving_currency",
    "affiliate_commission": "receiving_currency",
    "coproducer_commission": "receiving_currency",
    "fee": "fee_currency",
}
ORDER = (
    *("transaction", "status", "ordered_at", "approved_at", "product_id", "product_name", "offer_code", "offer_name"),
    *("currency", "paid", "gross", "gross_receiving_currency", "gross_receiving", "receiving_currency"),
    *("net_producer", "affiliate_commission", "coproducer_commission", "fee_currency", "fee", "sold_as"),
    *("affiliate", "affiliate_code", "channel", "src", "sck", "payment_type", "billing_type", "installments"),
    *("charge_count", "recurrence_number", "due_at", "coupon", "quantity", "name", "email", "country", "phone"),
    *("document", "postcode", "city", "state", "address", "district", "address_number", "address_complement"),
    *("instagram", "subscriber_code", "plan_name", "sales_tool", "parent_transaction", "refusal_reason", "exact"),
)
"""The fields of the columns, as near as can be in the order of Hotmart's report."""

STATUS_WORDS = {
    Status.STARTED: ("Iniciado", "Started", "Iniciado"),
    Status.WAITING_PAYMENT: ("Aguardando pagamento", "Waiting payment", "Esperando pago"),
    Status.IN_REVIEW: ("Em análise", "Under analysis", "En análisis"),
    Status.OVERDUE: ("Atrasado", "Overdue", "Vencido"),
    Status.EXPIRED: ("Expirado", "Expired", "Expirado"),
    Status.CANCELED: ("Cancelado", "Canceled", "Cancelado"),
    Status.APPROVED: ("Aprovado", "Approved", "Aprobado"),
    Status.COMPLETE: ("Completo", "Completed", "Completo"),
    Status.DISPUTED: ("Reclamado", "Disputed", "Disputado"),
    Status.PARTIALLY_REFUNDED: ("Parcialmente reembolsado", "Partially refunded", "Parcialmente reembolsado"),
    Status.REFUNDED: ("Reembolsado", "Refunded", "Reembolsado"),
    Status.CHARGEBACK: ("Chargeback", "Chargeback", "Chargeback"),
}
ROLES = {
    "producer": ("Produtor(a)", "Producer", "Productor(a)"),
    "coproducer": ("Coprodutor(a)", "Coproducer", "Coproductor(a)"),
    "affiliate": ("Afiliado(a)", "Affiliate", "Afiliado(a)"),
}
LANGUAGES = ("pt", "en", "es")
BUMP = "Product order bump"
UNKNOWN_CURRENCY = "?"
FORMATS = {"csv": csv_file.MEDIA_TYPE, "xlsx": xlsx_file.MEDIA_TYPE}


class Asked(NamedTuple):
    """What file is wanted: `form` csv or xlsx, `language` pt, en or es, `now` aware."""

    form: str
    language: str
    zone: ZoneInfo
    now: datetime

    def file_name(self) -> str:
        """A name that tells when the file was exported, as Hotmart's own do."""
        return f"sales_history_{self.now.astimezone(self.zone):%Y%m%d%H%M%S}_marco.{self.form}"


def sales_file(engine: Engine, account_id: int, asked: Asked, wanted: SalesFilter = ALL_SALES) -> Iterator[bytes]:
    """The file in pieces. It is read in one snapshot that ends with the last piece, or when the iterator is closed."""
    columns = columns_of(asked.language)
    rows = map(Writer(asked.language, asked.zone).row, sales(engine, account_id, wanted))
    if asked.form == "xlsx":
        return xlsx_file.xlsx_pieces(columns, rows)
    return csv_file.csv_pieces(columns, rows, LOOKS[asked.language])


def columns_of(language: str) -> list[Column]:
    """The columns, their names in a language: pt, en or es."""
    return [Column(_name(field, language), _kind(field), _currency(field, language)) for field in ORDER]


def _name(field: str, language: str) -> str:
    return str(getattr(FIELD_OF[field], language))


def _currency(field: str, language: str) -> str | None:
    return _name(MONEY_CURRENCY[field], language) if field in MONEY_CURRENCY else None


def _kind(field: str) -> Kind:
    if field in CODES:
        return Kind.CODE
    kinds = {"money": Kind.MONEY, "integer": Kind.WHOLE, "date": Kind.MOMENT}
    return kinds.get(FIELD_OF[field].type, Kind.TEXT)


class Writer:
    """Turns purchases into rows, and notes beside them what their cells do not say."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.zone = zone
        tongue = LANGUAGES.index(language)
        self.status = {str(status): words[tongue] for status, words in STATUS_WORDS.items()}
        self.role = {role: words[tongue] for role, words in ROLES.items()}
        self.parts: tuple[Callable[[RowMapping, dict[str, Value], list[tuple[str, str]]], None], ...] = (
            self._texts,
            self._moments,
            _money,
            _contact,
            _order,
        )

    def row(self, sale: RowMapping) -> Row:
        """The cells of one purchase, in the order of `ORDER`."""
        cells: dict[str, Value] = {
            "status": self.status[sale["status"]],
            "sold_as": self.role.get(sale["sold_as"] or ""),
            **{name: sale[name] for name in ("installments", "charge_count", "recurrence_number", "quantity")},
        }
        exact = [("as_of", sale["as_of"].isoformat())]
        for part in self.parts:
            part(sale, cells, exact)
        cells["exact"] = written(exact)
        return [cells.get(field) for field in ORDER]

    def _texts(self, sale: RowMapping, cells: dict[str, Value], exact: list[tuple[str, str]]) -> None:
        for name in TEXTS:
            text = sale[name]
            if text is not None:
                cells[name] = seen = shown(text)
                if seen != text:
                    exact.append((f"text.{name}", text))

    def _moments(self, sale: RowMapping, cells: dict[str, Value], exact: list[tuple[str, str]]) -> None:
        for name in MOMENTS:
            moment = sale[name]
            if moment is None:
                continue
            local = moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0, fold=0)
            is_readable = EARLIEST <= local.year < LATEST
            cells[name] = local if is_readable else None
            if not is_readable or instant_of(local, self.zone) != moment:
                exact.append((f"at.{name}", moment.astimezone(UTC).isoformat()))


def _money(sale: RowMapping, cells: dict[str, Value], exact: list[tuple[str, str]]) -> None:
    amounts = {name: (sale[f"{name}_value"], sale[f"{name}_currency"]) for name in ("paid", "net", "fee")}
    for name in ("affiliate_commission", "coproducer_commission"):
        amounts[name] = (sale[f"{name}_value"], sale[f"{name}_currency"])
    basis = {"gross": "gross", "receiving": "gross_receiving"}.get(sale["gross_basis"] or "")
    if basis:
        amounts[basis] = (sale["gross_value"], sale["gross_currency"])
    stated: dict[str, str] = {}
    for name, (value, currency) in amounts.items():
        if value is None:
            continue
        column = "net_producer" if name == "net" else name
        cells[column] = value
        code = stated.setdefault(MONEY_CURRENCY[column], currency or UNKNOWN_CURRENCY)
        if code != (currency or UNKNOWN_CURRENCY) or currency_of(code) != currency:
            exact.append((f"money.{name}", f"{amount_text(value)} {currency or ''}"))
    cells |= stated
    role = sale["sold_as"]
    if role in ("coproducer", "affiliate"):
        _own_share(amounts["net"], amounts[f"{role}_commission"], exact)


def _own_share(
    net: tuple[Decimal | None, str | None], share: tuple[Decimal | None, str | None], exact: list[tuple[str, str]]
) -> None:
    """The import takes the share of one's own role for the net; where it is not, the exact column says so."""
    if net != share and not any(name == "money.net" for name, _ in exact):
        exact.append(("money.net", "" if net[0] is None else f"{amount_text(net[0])} {net[1] or ''}"))


def _contact(sale: RowMapping, cells: dict[str, Value], exact: list[tuple[str, str]]) -> None:
    """The client's contact as it is today; `says` names what of it this purchase told."""
    if sale["email"] is None:
        return
    told = {name: value for *_, fields in sale["said_of_client"] or () for name, value in fields.items()}
    for name in CONTACT:
        text = sale[f"client_{name}"]
        if text is not None:
            cells[name] = shown(text)
    cells["email"] = shown(told.get("email_text") or sale["email"])
    phone = sale["client_phone_text"] or sale["client_phone"]
    cells["phone"] = shown(phone) if phone else None
    says = [name for name in CONTACT if name in told and told[name] == sale[f"client_{name}"]]
    exact.append(("says", ",".join(says)))
    if "phone" in says and (sale["client_phone_text"] is not None):
        exact.append(("phone", told["phone"]))
    for name in says:
        seen = shown(told[name])
        if seen != told[name] and name not in ("email_text", "phone"):
            exact.append((f"text.{name}", told[name]))
    if sale["country"] is not None and sale["country"] != told.get("country"):
        exact.append(("checkout_country", sale["country"]))


def _order(sale: RowMapping, cells: dict[str, Value], exact: list[tuple[str, str]]) -> None:
    if sale["subject"] != f"t:{sale['transaction']}":
        exact.append(("code", sale["subject"][2:]))
    if sale["parent_transaction"] is not None:
        cells["sales_tool"] = BUMP if sale["is_bump"] else None
        exact.append(("bump", "yes" if sale["is_bump"] else "no"))
    is_counted = sale["subscriber_code"] is not None and sale["charge_count"] is not None
    if "at_least" in sale["flags"] or (is_counted and sale["recurrence_number"] is None):
        exact.append(("financed", "yes"))
    exact += [(name, sale[name]) for name in ("xcod", "product_ucode", "payment_link") if sale[name] is not None]
    if sale["warranty_on"] is not None:
        exact.append(("warranty_on", sale["warranty_on"].isoformat()))
