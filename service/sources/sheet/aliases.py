"""Every header a column is known by, in one spelling (`folded`).

The first name of a field in each language is its label in `fields`. `STRONG` names were seen in Hotmart
files or in importers of them and mean one thing; `LOOSE` names are everyday words of hand-made lists,
believed only as far as the values agree. Sources: export reference, sections 2 and 3.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from service.sources.sheet.fields import FIELDS
from service.sources.spelling import plain

_LITTLE_WORDS = frozenset(
    {"a", "o", "as", "os", "la", "las", "el", "los", "the", "do", "da", "de", "dos", "das", "del", "of"}
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=8192)
def folded(header: str) -> str:
    """One spelling of a header: `Email do(a) Comprador(a)`, `email_comprador` and `E-mail Comprador` are one.

    Case, accents, punctuation, and the little words of three languages make no difference.
    """
    words = plain(_CAMEL.sub(" ", header)).split()
    kept = " ".join(word for word in words if word not in _LITTLE_WORDS) or " ".join(words)
    return re.sub(r"\be mail\b", "email", kept)


def _each(names: str) -> frozenset[str]:
    return frozenset(folded(name) for name in names.split("|"))


class Known(NamedTuple):
    """What a header is known as. `rank` orders the names of one field, the most telling first."""

    field: str
    rank: int
    strong: bool


STRONG = {
    "transaction": "Transação|Código Transação|Transação da venda|Cod. Transação|Transaction|Transaction ID|"
    "cod_transaction|Transacción|ID da transação|Número da transação|Código da venda|Hotmart transaction",
    "status": "Status|Situação|Estatus|Status da venda|Status da compra|Sale status|Purchase status|Order status|"
    "Status do pedido|Status do pagamento|Payment status|Estado de la transacción|Estado de la venta|"
    "Situação da transação|Situação da venda|Situação da compra|Situação do pagamento",
    "ordered_at": "Data de Venda|Data da compra|Data compra|Data do pedido|Purchase date|Order date|Sale date|"
    "Fecha de venta|Fecha de compra|Fecha del pedido|Ordered at|Purchased at",
    "approved_at": "Data de Confirmação|Data Aprovação|Data de aprovação|Data de pagamento|Approval Date|"
    "Confirmation date|Payment date|Fecha de Confirmación|Fecha de aprobación|Fecha de pago|Approved at|"
    "Data da confirmação do pagamento|Payment confirmation date|Fecha de confirmación del pago",
    "due_at": "Data Vencimento|Data de vencimento|Vencimento|Due date|Fecha de vencimiento",
    "email": "Email|Email do Cliente|Buyer e-mail|Customer email|Client email|E-mail address|Email address|"
    "Correo del comprador|Correo electrónico|Correo|Email do aluno|Email del cliente|Endereço de e-mail",
    "name": "Nome do Comprador|Comprador|Nome do Cliente|Nome completo|Cliente|Nome|Buyer Name|name_buyer|Full name|"
    "Customer name|Client name|Customer|Nombre del comprador|Nombre del cliente|Nombre completo|Nombre|Nome do aluno",
    "phone_area": "DDD do comprador|Código de área do telefone",
    "phone": "Telefone do comprador|Telefone Completo|Celular|Telefone celular|WhatsApp|Buyer phone|Phone number|"
    "Teléfono del comprador|Telefone do cliente|Móvil|Mobile phone|Telefone com DDD",
    "document": "CPF|CNPJ|CPF/CNPJ|CPF ou CNPJ|Documento do comprador|Buyer document|CPF do comprador|"
    "Documento del comprador|Documento do cliente|CPF do cliente",
    "country": "País do comprador|Country code|Buyer country",
    "state": "UF|Província|Estado do comprador|State|Province|Provincia",
    "city": "Cidade do comprador|Município|Town",
    "postcode": "CEP|Zipcode|Zip code|Zip|Postcode|CEP do comprador",
    "address": "Logradouro|Rua|Street|Endereço do comprador|Domicilio|Calle",
    "address_number": "Número do endereço|Address number|Street number|Número da casa",
    "address_complement": "Complemento do endereço|Address complement",
    "district": "District|Neighbourhood",
    "product_id": "ID do Produto|Product id|product_code|Cód. produto|ID del producto",
    "product_name": "Nome do Produto|Product Name|Nombre del Producto|Curso|Nome do curso|Course",
    "offer_code": "Código de Oferta|Código da oferta|Offer code|Código de la Oferta|ID da oferta",
    "offer_name": "Nome da Oferta|Offer name|Nombre de la oferta|Nome do preço",
    "producer": "Nome do Produtor|Produtor|Producer name|Nombre del productor|Nome do(a) Produtor(a)",
    "currency": "Purchase currency code|Moeda da compra|Moneda de la compra",
    "paid": "Preço Total|Precio Total|Total price|Valor total|Valor pago|Valor da Venda|Valor da compra|"
    "Valor bruto|Gross Value|Sale Amount|Purchase amount|Amount paid|Purchase value|Total paid|Total amount|"
    "Valor de la venta|Valor de la compra|Monto total|Importe total|Monto pagado|Preço da compra|Sale value",
    "gross": "Preço do Produto|Valor do produto|Product price|Precio del Producto|Preço de venda|Sale price",
    "taxes": "Impostos|Imposto retido|Impuestos",
    "receiving_currency": "Moeda de recebimento do produtor|Moneda de recepción|Moneda de recibo",
    "gross_receiving": "Preço Total Convertido|Faturamento bruto|Facturación bruta|Precio Total Convertido|"
    "Gross revenue|Faturación bruta (sin impuestos)|Converted total price",
    "receiving_rate": "Taxa de Câmbio Real|Tasa de Cambio Real|Tasa de conversión (moneda de recepción)",
    "original_rate": "exchange_rate|Taxa de Câmbio",
    "home_rate": "Taxa de Câmbio do valor recebido|Tasa de Cambio del valor recibido",
    "net_sale": "Valor líquido|Você recebeu|Net amount|Net Value|Monto neto|Valor neto|Importe neto",
    "net_producer": "Faturamento líquido do Produtor|Your commission|Faturación neta del Productor(a)|"
    "Sua comissão|Comissão do Produtor|Producer commission|Tu comisión",
    "net_home": "Valor recebido convertido|Valor recibido convertido",
    "affiliate_commission": "Comissão afiliado|Valor afiliado|Comissão de afiliado|Comisión de afiliado",
    "coproducer_commission": "Comissão coprodutor|Comissão co-produtor|Valor coprodutor|Coproducer revenue|"
    "Coproducer commission|Co-producer commission|Comisión del Coproductor",
    "fee": "Taxa Hotmart|Taxa da plataforma|Taxa marketplace|Comissão Hotmart|Hotmart fee|Platform fee|Tasa Hotmart",
    "affiliate": "Afiliado|Affiliate|Afiliado(a)|Nombre del afiliado",
    "affiliate_code": "Código do afiliado|affiliate_code|Código del afiliado",
    "payment_type": "Tipo de Pagamento|Forma de Pagamento|Forma de pago|Tipo de pago|Método de pago|Payment form",
    "billing_type": "Tipo pagamento oferta|Tipo de pagamento da oferta|Offer payment type",
    "installments": "Número da Parcela|Parcelas|Total de Parcelas|Installments|Número de parcelas|Cuotas|"
    "Quantidade de parcelas|Número de cuotas|Installments number",
    "subscriber_code": "Código de assinante|Subscriber|Assinante|Código de suscriptor",
    "plan_name": "Nome do Plano|Plan name|Nombre del plan|Plano de assinatura",
    "trial": "Período Grátis|Free trial|Período gratis",
    "src": "SRC|utm_source",
    "sck": "SCK|Origem de Checkout|Checkout source|Origen del checkout",
    "channel": "Origem da venda|Sale channel|Canal de venda|Canal de venta",
    "coupon": "Cupom|Código do cupom|Coupon|Cupom de desconto|Cupón|Discount coupon",
    "quantity": "Quantidade|Quantity|Cantidad|Número de itens|Items quantity",
    "refusal_reason": "Motivo de recusa|Motivo da recusa|Decline reason|Refusal reason|Motivo de rechazo",
    "sold_as": "Sold as|Papel na venda",
    "recurrence_number": "Número da recorrência|Recurrence number|Número da cobrança",
}
"""Other names that mean one thing, the most telling first."""

LOOSE = {
    "transaction": "Referência|Reference|Código|Code|Código do pedido|Order id|Pedido",
    "paid": "Valor|Preço|Total|Amount|Price|Value|Precio|Monto|Importe",
    "ordered_at": "Data|Date|Fecha|Data da criação|Created at|Creation date|Data e hora",
    "name": "Name|Aluno",
    "offer_code": "Oferta|Offer",
    "src": "Origem|Source|Origen",
    "net_sale": "Comissão|Commission|Comisión|Net",
    "gross_receiving": "Revenue|Faturamento|Facturación",
    "taxes": "Taxes",
    "fee": "Taxa|Fee|Fees|Taxas",
    "gross": "Valor da oferta|Offer price",
    "payment_type": "Payment type|Pagamento|Payment|Pago",
    "product_name": "Item|Nome do item",
}
"""Everyday words; the values must agree."""

CURRENCY_WORDS = frozenset({"moeda", "moneda", "currency", "divisa"})
"""A currency column whose amount is told only by where it stands; older reports have four of them."""


def _names() -> dict[str, Known]:
    known: dict[str, Known] = {}
    for field, names in LOOSE.items():
        for rank, name in enumerate(names.split("|")):
            known[folded(name)] = Known(field, 100 + rank, strong=False)
    for spec in reversed(FIELDS):
        spellings = [spec.pt, spec.en, spec.es, *filter(None, STRONG.get(spec.id, "").split("|"))]
        for rank, name in reversed(list(enumerate(spellings))):
            known[folded(name)] = Known(spec.id, rank, strong=True)
    return known


KNOWN = _names()


def _only(language: str) -> frozenset[str]:
    said = {tongue: {folded(getattr(field, tongue)) for field in FIELDS} for tongue in ("pt", "en", "es")}
    others = set().union(*(words for tongue, words in said.items() if tongue != language))
    return frozenset(said[language] - others | _EXTRA_WORDS[language] - others)


_EXTRA_WORDS = {
    "pt": _each("Transação|Data de Venda|Nome|Nome do Produto|Forma de Pagamento|Data|Moeda"),
    "en": _each("Transaction|Amount|Date|Name|Product name|Currency|Buyer name"),
    "es": _each("Transacción|Fecha de venta|Nombre|Nombre del Producto|Fecha|Moneda"),
}

WORDS_OF = {language: _only(language) for language in ("pt", "en", "es")}
"""Headers that only one language has."""

_DETAILED_FIELDS = frozenset(
    {
        "transaction",
        "status",
        "ordered_at",
        "approved_at",
        "offer_code",
        "purchase_rate",
        "currency",
        "paid",
        "gross",
        "gross_receiving",
        "net_producer",
        "sales_tool",
        "charge_count",
        "fee_streaming",
        "parent_transaction",
    }
)
DETAILED_MARKS = frozenset(
    folded(name) for field in FIELDS if field.id in _DETAILED_FIELDS for name in (field.pt, field.en, field.es)
)
LEGACY_MARKS = _each(
    "Meio de Pagamento|Preço do Produto|Preço Total|Preço Total Convertido|Origem de Checkout|Tipo pagamento oferta|"
    "Taxa de Câmbio Real|Data de Venda|Data de Confirmação|chave|Recorrência|Número da Parcela|Preço Original|"
    "Código da Afiliação|Precio Total|Precio Total Convertido|Tasa de Cambio Real|Fecha de venta|Transação|"
    "Fecha de Confirmación|Valor que has recibido convertido|Valor que você recebeu convertido|Transacción"
)
SUBSCRIPTION_MARKS = _each(
    "Plano|Adesão|Cancelamento|Expiração do Período Grátis|Duração do Período Grátis|Plan|Adhesion|Adhesión|"
    "Cancelación|Cancellation|Data de adesão|Data de cancelamento|Joined|Trial expiration|Subscription status|"
    "Status da assinatura|Próxima cobrança|Next charge|Data da próxima cobrança"
)
WALLET_MARKS = _each(
    "Saldo|Balance|Lançamento|Tipo de lançamento|Movimentação|Tipo de movimentação|Entrada|Saída|Crédito|Débito|"
    "Descrição|Description|Saque|Withdrawal|Movimiento|Descripción|Saldo disponível|Saldo anterior|Saldo final"
)
