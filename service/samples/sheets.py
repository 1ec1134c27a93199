"""Made-up Hotmart sales exports: the detailed model in Portuguese, 63 columns (export reference, set 1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Unpack
from zoneinfo import ZoneInfo

from service.samples.cast import AUDIO, CLUB, COURSE, MENTORING, WORKBOOK
from service.samples.orders import shares_of, with_interest
from service.samples.sale import BOLETO, CARD, PIX, Sale, Told, completed
from service.samples.stories import CAST

NONE = "(none)"
HEADERS = (
    "Código da transação",
    "Status da transação",
    "Data da transação",
    "Confirmação do pagamento",
    "Produtor(a)",
    "Código do produto",
    "Produto",
    "Código do preço",
    "Nome deste preço",
    "Taxa de conversão (moeda de compra)",
    "Moeda de compra",
    "Valor de compra com impostos",
    "Impostos locais de compra + taxa de parcelamento",
    "Valor de compra sem impostos",
    "Taxa de conversão (moeda de recebimento)",
    "Moeda de recebimento",
    "Faturamento bruto (sem impostos)",
    "Faturamento líquido",
    "Venda feita como",
    "Faturamento líquido do(a) Produtor(a)",
    "Comissão do(a) Afiliado(a)",
    "Faturamento do(a) Coprodutor(a)",
    "Moeda das taxas",
    "Taxa de processamento",
    "Taxa de streaming",
    "Outras Taxas",
    "Nome do(a) Afiliado(a)",
    "Canal usado para venda",
    "Código SRC",
    "Código SCK",
    "Método de pagamento",
    "Tipo de cobrança",
    "Quantidade total de parcelas",
    "Quantidade de cobranças",
    "Data de vencimento (vouchers)",
    "Código de cupom",
    "Período gratuito (trial)",
    "Quantidade de itens",
    "Comprador(a)",
    "Email do(a) Comprador(a)",
    "País",
    "Telefone",
    "Documento",
    "Código postal",
    "Cidade",
    "Estado / Província",
    "Endereço",
    "Bairro",
    "Número",
    "Complemento",
    "Instagram",
    "Código do assinante",
    "Tax Solutions",
    "Tax Collected",
    "Tax Jurisdiction",
    "Ferramenta de Venda",
    "Transação do Produto Principal",
    "Tipo da antecipação de assinatura",
    "Motivo de Recusa de Cartão",
    "Imposto sobre Serviço Hotmart",
    "Impostos locais",
    "Taxa de parcelamento",
    "Valor do frete bruto",
)
UNPAID = {"Cancelado", "Expirado", "Aguardando Pagto", "Boleto impresso", "Atrasado"}
METHOD_OF = {CARD: "Cartão de Crédito", PIX: "Pix", BOLETO: "Boleto Bancário"}
SELLERS_ZONE = ZoneInfo("America/Sao_Paulo")
Row = dict[str, str]


def a_row(status: str, **told: Unpack[Told]) -> Row:
    """One row by header; the same words as `an_event` takes. `status` is a label such as "Aprovado"."""
    sale = completed("PURCHASE_APPROVED", told)
    paid_at = NONE if status in UNPAID else _moment(sale.approved_at)
    row = dict.fromkeys(HEADERS, NONE) | {
        "Código da transação": sale.transaction,
        "Status da transação": status,
        "Data da transação": _moment(sale.ordered_at),
        "Confirmação do pagamento": paid_at,
        "Produtor(a)": "Escola Exemplo",
        "Código do produto": str(sale.product.id),
        "Produto": sale.product.name,
        "Código do preço": sale.product.offer,
        "Código SRC": told.get("src", NONE),
        "Código SCK": told.get("sck", NONE),
        "Nome do(a) Afiliado(a)": told.get("affiliate", NONE),
        "Código de cupom": told.get("coupon", NONE),
        "Código do assinante": sale.subscriber_code if sale.product.plan else NONE,
        "Transação do Produto Principal": told.get("parent", NONE),
    }
    return row | _money(sale) | _charging(sale) | _buyer(sale)


def _money(sale: Sale) -> Row:
    paid = with_interest(sale.price, sale.told.get("installments", 1))
    shares = {
        source: value for source, value, _ in shares_of(sale.price, sale.currency, sale.told.get("affiliate", ""))
    }
    zeros = (
        "Faturamento do(a) Coprodutor(a);Taxa de streaming;Outras Taxas;Imposto sobre Serviço Hotmart;Impostos locais;"
        "Taxa de parcelamento;Valor do frete bruto"
    )
    return dict.fromkeys(zeros.split(";"), "0.00") | {
        "Taxa de conversão (moeda de compra)": "1.0",
        "Moeda de compra": sale.currency,
        "Valor de compra com impostos": f"{paid:.2f}",
        "Impostos locais de compra + taxa de parcelamento": f"{paid - sale.price:.2f}",
        "Valor de compra sem impostos": f"{sale.price:.2f}",
        "Taxa de conversão (moeda de recebimento)": "1.0",
        "Moeda de recebimento": sale.currency,
        "Faturamento bruto (sem impostos)": f"{sale.price:.2f}",
        "Faturamento líquido": f"{shares['PRODUCER']:.2f}",
        "Venda feita como": "Produtor",
        "Faturamento líquido do(a) Produtor(a)": f"{shares['PRODUCER']:.2f}",
        "Comissão do(a) Afiliado(a)": f"{shares.get('AFFILIATE', 0):.2f}",
        "Moeda das taxas": sale.currency,
        "Taxa de processamento": f"{shares['MARKETPLACE']:.2f}",
        "Taxa de parcelamento": f"{paid - sale.price:.2f}",
    }


def _charging(sale: Sale) -> Row:
    installments = sale.told.get("installments", 1)
    bump = "parent" in sale.told and sale.told["parent"] != sale.transaction
    billing = "Parcelado" if installments > 1 else "Apenas à vista"
    return {
        "Método de pagamento": METHOD_OF.get(sale.payment, sale.payment),
        "Tipo de cobrança": "Assinatura" if sale.product.plan else billing,
        "Quantidade total de parcelas": str(installments),
        "Quantidade de cobranças": str(sale.told.get("recurrence", 1)),
        "Quantidade de itens": "1",
        "Ferramenta de Venda": "Produto order bump" if bump else "Produto principal",
        "Motivo de Recusa de Cartão": sale.told.get("refusal", NONE),
    }


def _buyer(sale: Sale) -> Row:
    buyer = sale.buyer
    named = {"Comprador(a)": buyer.name, "Email do(a) Comprador(a)": buyer.email, "Telefone": buyer.phone}
    if buyer.country != "BR":
        return named | {"País": "Estados Unidos"}
    return named | {
        "País": "Brasil",
        "Documento": buyer.document,
        "Código postal": "01001000",
        "Cidade": buyer.city,
        "Estado / Província": buyer.state,
        "Endereço": "Rua Exemplo",
        "Bairro": "Centro",
        "Número": "100",
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(SELLERS_ZONE):%d/%m/%Y %H:%M:%S}"


def an_export(rows: Iterable[Row]) -> bytes:
    """The file as the panel writes it: `;`, UTF-8 with BOM, CRLF, `(none)` for every empty cell."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADERS, restval=NONE, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def file_name(exported_at: datetime) -> str:
    """The name the panel gives the file; it holds the moment of the export."""
    return f"sales_history_{exported_at.astimezone(SELLERS_ZONE):%Y%m%d%H%M%S}_1a2b3c4d.csv"


def the_past_of_the_cast(now: datetime) -> list[Row]:
    """Last year's sales of the demo: old customers, people who never came back, and one sale told by postbacks too."""
    day = timedelta(days=1)
    noon = now.astimezone(UTC).replace(hour=15, minute=4, second=5, microsecond=0)
    emails = [email for email, _, _ in CAST]
    rows = [
        a_row("Completo", email=emails[0], product=WORKBOOK, payment=PIX, ordered_at=noon - 300 * day),
        a_row("Completo", email=emails[1], product=COURSE, installments=12, ordered_at=noon - 280 * day),
        a_row("Reembolsado", email=emails[4], product=COURSE, payment=PIX, ordered_at=noon - 250 * day),
        a_row("Cancelado", email=emails[6], product=AUDIO, refusal="Cartão expirado", ordered_at=noon - 400 * day),
        # The very purchase of the postback story: it must count once.
        a_row("Completo", email=emails[0], product=COURSE, payment=PIX, ordered_at=noon - 40 * day),
    ]
    old = ("marina.moura", "nilo.pires", "olivia.freitas", "paulo.souza", "quesia.lima", "rafael.prado", "sofia.rocha")
    labels = ("Completo", "Completo", "Expirado", "Completo", "Chargeback", "Aguardando Pagto", "Completo")
    for place, (name, label) in enumerate(zip(old, labels, strict=True)):
        email, product = f"{name}@example.com", (COURSE, CLUB, MENTORING)[place % 3]
        payment = BOLETO if label in UNPAID else CARD
        rows.append(a_row(label, email=email, product=product, payment=payment, ordered_at=noon - (200 - place) * day))
    return rows
