"""The list of clients as a file: who they are, and for each currency what they brought in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from service.exports import csv_file, xlsx_file
from service.exports.columns import LOOKS, Column, Kind, Row, Value
from service.exports.sales import LANGUAGES, Asked

TITLE = ("Clientes", "Clients", "Clientes")
PERSON = (
    ("name", ("Nome", "Name", "Nombre"), Kind.TEXT),
    ("email", ("Email", "Email", "Email"), Kind.TEXT),
    ("phone", ("Telefone", "Phone", "Teléfono"), Kind.CODE),
    ("document", ("Documento", "Document", "Documento"), Kind.CODE),
    ("country", ("País", "Country", "País"), Kind.TEXT),
    ("state", ("Estado", "State", "Estado"), Kind.TEXT),
    ("city", ("Cidade", "City", "Ciudad"), Kind.TEXT),
    ("first_seen_at", ("Visto primeiro", "First seen", "Visto primero"), Kind.MOMENT),
    ("last_seen_at", ("Visto por último", "Last seen", "Visto por último"), Kind.MOMENT),
    ("purchases", ("Compras", "Purchases", "Compras"), Kind.WHOLE),
    ("first_purchase_at", ("Primeira compra", "First purchase", "Primera compra"), Kind.MOMENT),
    ("last_purchase_at", ("Última compra", "Last purchase", "Última compra"), Kind.MOMENT),
)
AMOUNTS = (
    ("active", ("Receita", "Revenue", "Ingresos")),
    ("net", ("Líquido", "Net", "Neto")),
    ("pending", ("Pendente", "Pending", "Pendiente")),
    ("disputed", ("Em disputa", "Disputed", "En disputa")),
    ("lost", ("Perdido", "Lost", "Perdido")),
)


def clients_file(rows: Iterable[RowMapping], currencies: Sequence[str], asked: Asked) -> Iterator[bytes]:
    """Clients in pieces, CSV or XLSX, with columns for the amounts of each of these currencies."""
    columns = columns_of(asked.language, currencies)
    written = (row_of(client, currencies, asked.zone) for client in rows)
    if asked.form == "xlsx":
        return xlsx_file.xlsx_pieces(columns, written, TITLE[LANGUAGES.index(asked.language)])
    return csv_file.csv_pieces(columns, written, LOOKS[asked.language])


def columns_of(language: str, currencies: Sequence[str]) -> list[Column]:
    """The columns, their names in a language: pt, en or es."""
    tongue = LANGUAGES.index(language)
    person = [Column(names[tongue], kind) for _, names, kind in PERSON]
    amounts = [Column(f"{names[tongue]} ({code})", Kind.MONEY) for code in currencies for _, names in AMOUNTS]
    return [*person, *amounts]


def row_of(client: RowMapping, currencies: Sequence[str], zone: ZoneInfo) -> Row:
    """The cells of one client; an amount is empty where the client has no money in its currency."""
    sums = {one["currency"]: one for one in client["revenue"]}
    person = [_cell(client, name, zone) for name, _, _ in PERSON]
    amounts = [Decimal(sums[code][name]) if code in sums else None for code in currencies for name, _ in AMOUNTS]
    return [*person, *amounts]


def _cell(client: RowMapping, name: str, zone: ZoneInfo) -> Value:
    value: Value = client[name]
    if name == "phone" and value is None:
        return client["phone_text"]  # type: ignore[no-any-return]  # a column of text
    return value.astimezone(zone).replace(tzinfo=None, microsecond=0) if isinstance(value, datetime) else value
