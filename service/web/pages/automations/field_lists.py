"""The fields of the catalogue as people look for them: in groups, by the labels templates use in every language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.fields import Field
from service.domain.automation.masking import MASK
from service.domain.automation.values import FieldType, Values
from service.domain.automation.wanted import plain
from service.web import locale
from service.web.automation_words import compared

SALE = "sale"
GROUPS: tuple[tuple[str, LazyString, tuple[str, ...]], ...] = (
    ("product", _l("Product and offer"), ("Produto:", "Nome do produto", "Oferta:")),
    ("buyer", _l("Buyer"), ("Comprador:",)),
    (SALE, _l("Sale and payment"), ()),
    ("boleto", _l("Boleto and Pix"), ("Boleto:", "Pix:", "Link de pagamento")),
    (
        "subscription",
        _l("Subscription"),
        (
            *("Assinante:", "Assinatura:", "Plano:", "Código da assinatura", "Código do assinante"),
            *("Nome do plano", "Status da assinatura", "Valor da assinatura", "Valor atual da recorrência"),
            *("Data do cancelamento", "Período"),
        ),
    ),
    ("partners", _l("Affiliate and producer"), ("Afiliado:", "Produtor:", "Comissão", "Hotkey", "Tipo de recebedor")),
    ("recovery", _l("Recovery, shipping, members area"), ("Recuperação:", "Envio:", "Módulo:")),
    ("lead", _l("Lead in Kommo"), ("Lead:",)),
)
"""Groups, with what the labels of their fields begin with; all others are about the sale."""
TYPES: dict[FieldType, LazyString] = {
    FieldType.TEXT: _l("text"),
    FieldType.MONEY: _l("amount"),
    FieldType.NUMBER: _l("number"),
    FieldType.DATE: _l("date"),
    FieldType.BOOL: _l("yes or no"),
    FieldType.PHONE: _l("phone"),
    FieldType.EMAIL: _l("e-mail"),
    FieldType.DOCUMENT: _l("document"),
}
LONGEST = 60


class Offered(NamedTuple):
    """One field to choose, with what it held in an event; empty where it held nothing."""

    field: Field
    kind: LazyString
    example: str


class FieldGroup(NamedTuple):
    """Fields that belong together."""

    label: LazyString
    fields: Sequence[Offered]


def grouped(values: Values | None = None) -> list[FieldGroup]:
    """All fields in their groups; with examples where the values of an event are given."""
    of_group: dict[str, list[Offered]] = {name: [] for name, _, _ in GROUPS}
    for field in CATALOGUE:
        of_group[_group_of(field)].append(Offered(field, TYPES[field.type], _example(field, values or {})))
    return [FieldGroup(label, of_group[name]) for name, label, _ in GROUPS]


def _group_of(field: Field) -> str:
    return next((name for name, _, begins in GROUPS if begins and field.label.startswith(begins)), SALE)


def _example(field: Field, values: Values) -> str:
    value = values.get(field.key)
    if value is None:
        return ""
    if field.type is FieldType.DOCUMENT:
        return MASK
    told = plain(value)
    text = told if isinstance(told, str) and field.type is FieldType.TEXT else compared(told).strip("“”")
    if field.type is FieldType.NUMBER:
        text = locale.plain(told)
    return text[:LONGEST]
