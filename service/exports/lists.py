"""The lists around sales as files to work with: opportunities, steps after the sale, subscriptions.

Unlike the file of all sales (`exports.sales`) they are made for people and other programs, not to be imported again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from service.domain.after_sale import subscription_state
from service.exports import csv_file, xlsx_file
from service.exports.columns import LOOKS, Column, Kind, Row, Value
from service.exports.sales import LANGUAGES, STATUS_WORDS, Asked
from service.exports.words import KINDS, REASONS, STATES, SUBSCRIPTIONS, TITLES

Read = Callable[[RowMapping], Any]


class Field(NamedTuple):
    """One column: its names in pt, en and es, what it holds, and how it is read from a row.

    `words` translate what is read. `currency` is the key of the field that tells the currency of an amount.
    """

    key: str
    names: tuple[str, str, str]
    read: Read
    kind: Kind = Kind.TEXT
    words: dict[str, tuple[str, str, str]] | None = None
    currency: str | None = None


def of(name: str) -> Read:
    """The column of this name."""
    return lambda row: row[name]


def amounts(value: str, currency: str) -> Read:
    """An amount only where its currency is known: a number without one is no money."""
    return lambda row: row[value] if row[currency] is not None else None


PERSON = (
    Field("buyer", ("Nome", "Name", "Nombre"), of("client_name")),
    Field("email", ("Email", "Email", "Email"), of("email")),
    Field("phone", ("Telefone", "Phone", "Teléfono"), of("phone"), Kind.CODE),
)
PRODUCT = (
    Field("product_id", ("Código do produto", "Product code", "Código del producto"), of("product_id"), Kind.CODE),
    Field("product", ("Produto", "Product", "Producto"), of("product_name")),
)
MONEY = (
    Field("currency", ("Moeda", "Currency", "Moneda"), of("amount_currency")),
    Field(
        "amount",
        ("Valor", "Amount", "Valor"),
        amounts("amount_value", "amount_currency"),
        Kind.MONEY,
        currency="currency",
    ),
)
OPPORTUNITIES = (
    *PERSON,
    *PRODUCT,
    Field("offer_code", ("Código da oferta", "Offer code", "Código de la oferta"), of("offer_code"), Kind.CODE),
    Field("offer", ("Oferta", "Offer", "Oferta"), of("offer_name")),
    Field("state", ("Situação", "State", "Situación"), of("state"), words=STATES),
    Field("kind", ("O que faltou", "What failed", "Qué falló"), of("kind"), words=KINDS),
    Field("reason", ("Motivo", "Reason", "Motivo"), of("reason"), words=REASONS),
    Field("refusal", ("Resposta do banco", "Answer of the bank", "Respuesta del banco"), of("refusal")),
    *MONEY,
    Field("last_at", ("Última tentativa", "Last attempt", "Último intento"), of("last_at"), Kind.MOMENT),
    Field("attempts", ("Tentativas", "Attempts", "Intentos"), of("attempts"), Kind.WHOLE),
    Field("payment_type", ("Forma de pagamento", "Payment method", "Forma de pago"), of("payment_type"), Kind.CODE),
    Field(
        "payment_link", ("Link do boleto ou Pix", "Boleto or Pix link", "Enlace del boleto o Pix"), of("payment_link")
    ),
    Field("due_at", ("Vencimento", "Due", "Vencimiento"), of("due_at"), Kind.MOMENT),
    Field("transaction", ("Compra da tentativa", "Purchase tried", "Compra intentada"), of("purchase_key"), Kind.CODE),
    Field("recovered_by", ("Recuperada por", "Recovered by", "Recuperada por"), of("recovered_by"), Kind.CODE),
    Field("recovered_at", ("Recuperada em", "Recovered at", "Recuperada el"), of("recovered_at"), Kind.MOMENT),
    Field(
        "minutes",
        ("Minutos até recuperar", "Minutes to recover", "Minutos hasta recuperar"),
        lambda row: None if row["seconds_to_recover"] is None else row["seconds_to_recover"] // 60,
        Kind.WHOLE,
    ),
    Field(
        "recovered_currency",
        ("Moeda recuperada", "Recovered currency", "Moneda recuperada"),
        of("recovered_currency"),
    ),
    Field(
        "recovered",
        ("Valor recuperado", "Recovered amount", "Valor recuperado"),
        amounts("recovered_value", "recovered_currency"),
        Kind.MONEY,
        currency="recovered_currency",
    ),
)
STEPS = (
    Field("transaction", ("Transação", "Transaction", "Transacción"), of("transaction"), Kind.CODE),
    *PERSON,
    *PRODUCT,
    Field(
        "status",
        ("Status da compra", "Purchase status", "Estado de la compra"),
        of("status"),
        words={str(status): words for status, words in STATUS_WORDS.items()},
    ),
    *MONEY,
    Field("at", ("Quando", "When", "Cuándo"), of("listed_at"), Kind.MOMENT),
    Field("bought_at", ("Data da venda", "Date of the sale", "Fecha de la venta"), of("counted_at"), Kind.MOMENT),
    Field("days", ("Dias desde a venda", "Days since the sale", "Días desde la venta"), of("days_since"), Kind.WHOLE),
    Field("detail", ("Detalhe", "Detail", "Detalle"), of("detail")),
)
DUE = Field("due_at", ("Responder até", "Answer until", "Responder hasta"), of("due_at"), Kind.MOMENT)
SUBSCRIPTION_FIELDS = (
    Field("code", ("Código do assinante", "Subscriber code", "Código del suscriptor"), of("code"), Kind.CODE),
    Field("buyer", ("Nome", "Name", "Nombre"), of("client_name")),
    Field("email", ("Email", "Email", "Email"), lambda row: row["client_email"] or row["email"]),
    Field("phone", ("Telefone", "Phone", "Teléfono"), of("phone"), Kind.CODE),
    *PRODUCT,
    Field("plan", ("Plano", "Plan", "Plan"), of("plan_name")),
    Field(
        "status",
        ("Status", "Status", "Estado"),
        lambda row: subscription_state(row["status"]),
        words=SUBSCRIPTIONS,
    ),
    Field("first_at", ("Início", "Started", "Inicio"), of("first_at"), Kind.MOMENT),
    Field("charges", ("Cobranças pagas", "Paid charges", "Cobros pagados"), of("charges"), Kind.WHOLE),
    Field("next_charge_at", ("Próxima cobrança", "Next charge", "Próximo cobro"), of("next_charge_at"), Kind.MOMENT),
    Field("canceled_at", ("Cancelada em", "Canceled at", "Cancelada el"), of("canceled_at"), Kind.MOMENT),
    Field("currency", ("Moeda", "Currency", "Moneda"), of("charge_currency")),
    Field(
        "charge",
        ("Última cobrança", "Last charge", "Último cobro"),
        amounts("charge_value", "charge_currency"),
        Kind.MONEY,
        currency="currency",
    ),
    Field(
        "monthly",
        ("Valor mensal", "Monthly value", "Valor mensual"),
        amounts("monthly_value", "charge_currency"),
        Kind.MONEY,
        currency="currency",
    ),
)


def opportunities_file(rows: Iterable[RowMapping], asked: Asked) -> Iterator[bytes]:
    """Opportunities in pieces, CSV or XLSX."""
    return _file(OPPORTUNITIES, rows, asked, "opportunities")


def steps_file(rows: Iterable[RowMapping], asked: Asked, refund_days: int | None = None) -> Iterator[bytes]:
    """Steps in pieces; with `refund_days` there is a column that says until when a request must be answered."""
    if refund_days is None:
        return _file(STEPS, rows, asked, "steps")
    days = timedelta(days=refund_days)
    return _file((*STEPS, DUE._replace(read=lambda row: row["listed_at"] + days)), rows, asked, "steps")


def subscriptions_file(rows: Iterable[RowMapping], asked: Asked) -> Iterator[bytes]:
    """Subscriptions in pieces, CSV or XLSX."""
    return _file(SUBSCRIPTION_FIELDS, rows, asked, "subscriptions")


def _file(fields: tuple[Field, ...], rows: Iterable[RowMapping], asked: Asked, title: str) -> Iterator[bytes]:
    tongue = LANGUAGES.index(asked.language)
    names = {field.key: field.names[tongue] for field in fields}
    columns = [
        Column(names[field.key], field.kind, names[field.currency] if field.currency else None) for field in fields
    ]
    written = (_row(fields, row, tongue, asked.zone) for row in rows)
    if asked.form == "xlsx":
        return xlsx_file.xlsx_pieces(columns, written, TITLES[title][tongue])
    return csv_file.csv_pieces(columns, written, LOOKS[asked.language])


def _row(fields: tuple[Field, ...], row: RowMapping, tongue: int, zone: ZoneInfo) -> Row:
    return [_cell(field, field.read(row), tongue, zone) for field in fields]


def _cell(field: Field, value: Any, tongue: int, zone: ZoneInfo) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if value is None or field.words is None:
        return value  # type: ignore[no-any-return]  # a column of the database
    return field.words[value][tongue] if value in field.words else str(value)
