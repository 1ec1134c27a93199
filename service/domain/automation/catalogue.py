"""The catalogue: the 107 fields of the integrators' list, the 12 of a Kommo lead, and what newer triggers bring.

Labels are those of the list, letter for letter. "(cadastro)" is what we know of the client, "(checkout)" what the sale
itself told. What today's Hotmart no longer sends stays in the list and is empty.
"""

from __future__ import annotations

from typing import Any

from service.domain.automation.fields import Catalogue, Field, Known
from service.domain.automation.values import FieldType

TEXT, MONEY, NUMBER, DATE = FieldType.TEXT, FieldType.MONEY, FieldType.NUMBER, FieldType.DATE
BOOL, PHONE, EMAIL, DOCUMENT = FieldType.BOOL, FieldType.PHONE, FieldType.EMAIL, FieldType.DOCUMENT

BRAZIL = "+55"
SYMBOLS = {
    "ARS": "AR$",
    "BRL": "R$",
    "CAD": "C$",
    "CLP": "CL$",
    "COP": "CO$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "MXN": "MX$",
    "PEN": "S/",
    "USD": "US$",
}
HOTMART_ROLE = {"producer": "PRODUCER", "coproducer": "COPRODUCER", "affiliate": "AFFILIATE"}
RECEIVER = {"producer": "SELLER", "coproducer": "COPRODUCER", "affiliate": "AFFILIATE"}


def symbol_of(currency: str) -> str:
    """The sign of a currency; its code where we know none."""
    return SYMBOLS.get(currency, currency)


def first_name_of(name: str) -> str | None:
    """The first word of a name."""
    return next(iter(name.split()), None)


def last_name_of(name: str) -> str | None:
    """A name without its first word; None where that was all."""
    return " ".join(name.split()[1:]) or None


def area_of(phone: str) -> str | None:
    """The Brazilian area code (DDD) of an E.164 number; None for one from abroad."""
    return phone[3:5] if phone.startswith(BRAZIL) else None


def local_number_of(phone: str) -> str | None:
    """An E.164 number as Hotmart writes it: without the area code; abroad the country's code is part of it."""
    return phone[5:] if phone.startswith(BRAZIL) else phone.lstrip("+") or None


def own_share_of_producer(known: Known) -> Any:
    """Our own share, where we are the producer."""
    row = known.purchase
    return (row["net_value"], row["net_currency"]) if row.get("sold_as") == "producer" else None


def _field(key: str, kind: FieldType, label: str, *sources: Any, style: str = "iso") -> Field:
    return Field(key, kind, label, sources, style)


_EMAIL = ("client.email", "purchase.email", "milestone.email", "subscription.email")
_PRODUCT_ID = ("purchase.product_id", "subscription.product_id", "milestone.product_id", "recovery.product_id")
_PRODUCT = ("purchase.product_name", "subscription.product_name", "milestone.product_name", "recovery.product_name")
_PHONE = ("newest.phone", "client.phone")
_OFFER_MODE = ("newest.offer_payment_mode", "purchase.billing_type")
_PLAN = ("purchase.plan_name", "subscription.plan_name", "newest.plan_name")
_SUBSCRIBER = ("purchase.subscriber_code", "subscription.code", "newest.subscriber_code")
_BILLET = ("newest.billet_url",)
_COMPLEMENT = ("newest.address_complement",)
_FIRST_NAME = ("newest.first_name", (first_name_of, "client.name"))
_LAST_NAME = ("newest.last_name", (last_name_of, "client.name"))

SALE_FIELDS = (
    _field("product_code", TEXT, "Produto: Código", *_PRODUCT_ID),
    _field("product_name", TEXT, "Produto: Nome", *_PRODUCT),
    _field("offer_code", TEXT, "Oferta: Código", "purchase.offer_code", "newest.offer_code"),
    _field("offer_price", MONEY, "Oferta: Preço", "newest.original_offer_price", "newest.gross"),
    _field("affiliate_code", TEXT, "Afiliado: Código", "purchase.affiliate_code"),
    _field("affiliate_name", TEXT, "Afiliado: Nome", "purchase.affiliate"),
    _field("buyer_email", EMAIL, "Comprador: E-mail", *_EMAIL),
    _field("buyer_name", TEXT, "Comprador: Nome completo", "client.name"),
    _field("buyer_first_name", TEXT, "Comprador: Primeiro nome", *_FIRST_NAME),
    _field("buyer_last_name", TEXT, "Comprador: Sobrenome", *_LAST_NAME),
    _field("buyer_document", DOCUMENT, "Comprador: Documento (número)", "client.document"),
    _field("buyer_document_type", TEXT, "Comprador: Tipo de Documento (CPF, CNPJ, etc)", "client.document_type"),
    _field(
        "buyer_account_area",
        TEXT,
        "Comprador: DDD do telefone (cadastro)",
        "newest.account_phone_area",
        (area_of, "client.phone"),
    ),
    _field(
        "buyer_account_phone",
        PHONE,
        "Comprador: Número do telefone (cadastro)",
        "newest.account_phone",
        (local_number_of, "client.phone"),
    ),
    _field("buyer_checkout_area", TEXT, "Comprador: DDD do telefone (checkout)", (area_of, "newest.phone")),
    _field(
        "buyer_checkout_phone",
        PHONE,
        "Comprador: Número do telefone (checkout)",
        (local_number_of, "newest.phone"),
        "newest.phone_text",
    ),
    _field("buyer_address", TEXT, "Comprador: Endereço", "client.address"),
    _field("buyer_checkout_address", TEXT, "Comprador: Endereço (checkout)", "newest.address"),
    _field("buyer_address_number", TEXT, "Comprador: Número do endereço", "client.address_number"),
    _field("buyer_checkout_number", TEXT, "Comprador: Número do endereço (checkout)", "newest.address_number"),
    _field("buyer_country", TEXT, "Comprador: País", "client.country"),
    _field("buyer_checkout_country", TEXT, "Comprador: País (checkout)", "newest.checkout_country", "purchase.country"),
    _field("buyer_district", TEXT, "Comprador: Bairro", "client.district"),
    _field("buyer_checkout_district", TEXT, "Comprador: Bairro (checkout)", "newest.district"),
    _field("buyer_complement", TEXT, "Comprador: Complemento do endereço", "client.address_complement"),
    _field("buyer_complement_of_checkout", TEXT, "Comprador: Complemento do endereço do checkout", *_COMPLEMENT),
    _field("buyer_checkout_complement", TEXT, "Comprador: Complemento do endereço (checkout)", *_COMPLEMENT),
    _field("buyer_city", TEXT, "Comprador: Cidade", "client.city"),
    _field("buyer_checkout_city", TEXT, "Comprador: Cidade (checkout)", "newest.city"),
    _field("buyer_state", TEXT, "Comprador: Estado", "client.state"),
    _field("buyer_checkout_state", TEXT, "Comprador: Estado (checkout)", "newest.state"),
    _field("buyer_postcode", TEXT, "Comprador: CEP", "client.postcode"),
    _field("buyer_checkout_postcode", TEXT, "Comprador: CEP (checkout)", "newest.postcode"),
    _field("transaction", TEXT, "Código de transação", "purchase.transaction", "milestone.transaction"),
    _field("payment_engine", TEXT, "Método de Pagamento", "newest.payment_engine", "newest.processor"),
    _field("payment_type", TEXT, "Forma de Pagamento (boleto, cartão de crédito, etc)", "purchase.payment_type"),
    _field("hotkey", TEXT, "Hotkey", "newest.hotkey"),
    _field("plan_name", TEXT, "Nome do plano de assinatura", *_PLAN),
    _field("subscriber_code", TEXT, "Código do assinante", *_SUBSCRIBER),
    _field("recurrence_period", NUMBER, "Período de recorrência", "newest.recurrence_period"),
    _field(
        "recurrence_number",
        NUMBER,
        "Período do pagamento em que o assinante está",
        "purchase.recurrence_number",
    ),
    _field("fee", MONEY, "Tarifa de intermediação e processamento do pagamento", "purchase.fee"),
    _field("producer_commission", MONEY, "Comissão do produtor", "newest.producer_commission", own_share_of_producer),
    _field("affiliate_commission", MONEY, "Comissão do afiliado", "purchase.affiliate_commission"),
    _field("coproducer_commission", MONEY, "Comissão do co-produtor", "purchase.coproducer_commission"),
    _field("coupon", TEXT, "Cupom de desconto", "purchase.coupon"),
    _field("subscription_status", TEXT, "Status da assinatura", "newest.subscription_status", "subscription.status"),
    _field(
        "external_transaction",
        TEXT,
        "Código de transação gerado pelo meio de pagamento externo",
        "newest.external_transaction",
    ),
    _field("ordered_at", DATE, "Data do pedido (em AAAA-MM-DD T HH:MM:SS Z)", "purchase.ordered_at"),
    _field("approved_at", DATE, "Data da liberação da compra (em AAAA-MM-DD T HH:MM:SS Z)", "purchase.approved_at"),
    _field("ordered_on", DATE, "Data do pedido (em DD/MM/AAAA)", "purchase.ordered_at", style="day"),
    _field("approved_on", DATE, "Data da liberação da compra (em DD/MM/AAAA)", "purchase.approved_at", style="day"),
    _field("boleto_print_link", TEXT, "Boleto: Link para impressão", *_BILLET),
    _field("boleto_barcode", TEXT, "Boleto: Código de barras", "newest.billet_barcode"),
    _field("currency", TEXT, "Moeda", "purchase.gross_currency"),
    _field("original_value", MONEY, "Valor original", "newest.original_offer_price"),
    _field("currency_sign", TEXT, "Descrição da moeda (R$, €, US$)", (symbol_of, "purchase.gross_currency")),
    _field("producer_name", TEXT, "Produtor: Nome", "newest.producer"),
    _field("producer_document", DOCUMENT, "Produtor: Documento", "newest.producer_document"),
    _field("producer_nature", TEXT, "Produtor: Natureza Jurídica", "newest.producer_legal_nature"),
    _field("sale_paid_currency", TEXT, "Origem da moeda utilizada no pagamento da venda", "purchase.paid_currency"),
    _field("sale_paid", MONEY, "Valor total da venda", "purchase.paid"),
    _field(
        "warranty_on",
        DATE,
        "Data de vencimento da garantia (em AAAA-MM-DD T HH:MM:SS Z)",
        "purchase.warranty_on",
    ),
    _field("support_email", EMAIL, "E-mail de suporte do produto", "newest.support_email"),
    _field("receiver", TEXT, "Tipo de recebedor", (RECEIVER.get, "purchase.sold_as")),
    _field("tickets", NUMBER, "Quantidade de e-tickets", "newest.tickets"),
    _field("installments", NUMBER, "Número de parcelas", "purchase.installments"),
    _field(
        "offer_mode",
        TEXT,
        "Tipo de pagamento da oferta (ex: pagamento à vista, múltiplos pagamentos, etc)",
        *_OFFER_MODE,
    ),
    _field("commission_due", MONEY, "Valor em que a comissão será paga.", "purchase.net"),
    _field("sck", TEXT, "Produto: SCK", "purchase.sck"),
    _field("order_bump", BOOL, "Order Bump", "purchase.is_bump"),
    _field("sale_status", TEXT, "Status da venda", "purchase.status"),
    _field("boleto_link", TEXT, "Boleto: Link", *_BILLET),
    _field("paid_currency", TEXT, "Origem da moeda utilizada no pagamento da compra", "purchase.paid_currency"),
    _field("paid", MONEY, "Valor total da compra", "purchase.paid"),
    _field("subscriber_email", EMAIL, "Assinante: E-mail", "subscription.email", *_EMAIL),
    _field("subscriber_full_name", TEXT, "Assinante: Nome completo", "client.name"),
    _field("subscriber_area", TEXT, "Assinante: DDD do telefone", (area_of, "client.phone")),
    _field("subscriber_phone", PHONE, "Assinante: Número do telefone (cadastro)", (local_number_of, "client.phone")),
    _field("subscriber_cell_area", TEXT, "Assinante: DDD do celular", *((area_of, path) for path in _PHONE)),
    _field("subscriber_cell", PHONE, "Assinante: Número do celular", *((local_number_of, path) for path in _PHONE)),
    _field("subscriber_address", TEXT, "Assinante: Endereço", "client.address"),
    _field("subscriber_address_number", TEXT, "Assinante: Número do endereço", "client.address_number"),
    _field("subscriber_country", TEXT, "Assinante: País", "client.country"),
    _field("subscriber_district", TEXT, "Assinante: Bairro", "client.district"),
    _field("subscriber_complement", TEXT, "Assinante: Complemento do endereço", "client.address_complement"),
    _field("subscriber_city", TEXT, "Assinante: Cidade", "client.city"),
    _field("subscriber_state", TEXT, "Assinante: Estado", "client.state"),
    _field("subscriber_postcode", TEXT, "Assinante: CEP", "client.postcode"),
    _field("subscription_value", MONEY, "Valor da assinatura", "purchase.gross", "newest.recurrence_value"),
    _field("producer_legal_nature", TEXT, "Produtor: Legal Nature", "newest.producer_legal_nature"),
    _field("name_of_product", TEXT, "Nome do produto", *_PRODUCT),
    _field("buyer_phone", PHONE, "Comprador: Telefone", *_PHONE, "client.phone_text"),
    _field("offer_payment_mode", TEXT, "Oferta: Tipo de pagamento (ex: PAGAMENTO_UNICO)", *_OFFER_MODE),
    _field("price", MONEY, "Preço da compra", "purchase.gross"),
    _field("buyer_code", TEXT, "Comprador: Código", "newest.buyer_ucode"),
    _field("buyer_area", TEXT, "Comprador: DDD do telefone", *((area_of, path) for path in _PHONE)),
    _field("buyer_number", PHONE, "Comprador: Número do telefone", *((local_number_of, path) for path in _PHONE)),
    _field("sale_nature", TEXT, "Natureza da Venda", (HOTMART_ROLE.get, "purchase.sold_as")),
    _field("commission", MONEY, "Valor da comissão da venda", "purchase.net"),
    _field("purchase_currency", TEXT, "Moeda utilizada na compra", "purchase.gross_currency"),
    _field("subscription_code", TEXT, "Código da assinatura", "newest.subscription_id"),
    _field("subscriber", TEXT, "Assinante: Código", *_SUBSCRIBER),
    _field("canceled_at", DATE, "Data do cancelamento", "newest.canceled_at", "subscription.canceled_at"),
    _field("subscriber_name", TEXT, "Assinante: Nome", "client.name"),
    _field("recurrence_value", MONEY, "Valor atual da recorrência cobrada", "newest.recurrence_value"),
    _field("plan", TEXT, "Plano: Nome do plano de assinatura", *_PLAN),
)

LEAD_FIELDS = (
    _field("lead_name", TEXT, "Lead: Nome", "lead.name"),
    _field("lead_price", MONEY, "Lead: Preço", "lead.price"),
    _field("lead_is_deleted", BOOL, "Lead: Foi deletado?", "lead.is_deleted"),
    _field("lead_score", NUMBER, "Lead: Pontuação", "lead.score"),
    _field("lead_labor_cost", NUMBER, "Lead: Custo do trabalho", "lead.labor_cost"),
    _field("lead_price_is_computed", BOOL, "Lead: Preço foi computado?", "lead.price_is_computed"),
    _field("lead_created_at", DATE, "Lead: Data de criação do lead", "lead.created_at"),
    _field("lead_updated_at", DATE, "Lead: Data de atualização", "lead.updated_at"),
    _field("lead_contact_name", TEXT, "Lead: Nome inteiro do contato", "lead.contact_name"),
    _field("lead_contact_first_name", TEXT, "Lead: Primeiro nome do contato", "lead.contact_first_name"),
    _field("lead_contact_last_name", TEXT, "Lead: Sobrenome do contato", "lead.contact_last_name"),
    _field("lead_company_name", TEXT, "Lead: Nome da empresa do contato", "lead.company_name"),
)

FURTHER_FIELDS = (
    _field("happened_at", DATE, "Data do acontecimento", "milestone.occurred_at", "recovery.sold_at"),
    _field("refusal_reason", TEXT, "Motivo da recusa", "purchase.refusal_reason"),
    _field("payment_link", TEXT, "Link de pagamento", "purchase.payment_link"),
    _field("due_at", DATE, "Data de vencimento do pagamento", "purchase.due_at", "newest.pix_expires_at"),
    _field("pix_code", TEXT, "Pix: Código copia e cola", "newest.pix_code"),
    _field("pix_qrcode", TEXT, "Pix: Link do QR Code", "newest.pix_qrcode"),
    _field("src", TEXT, "Produto: SRC", "purchase.src"),
    _field("xcod", TEXT, "Produto: XCOD", "purchase.xcod"),
    _field("main_transaction", TEXT, "Order Bump: Transação principal", "purchase.parent_transaction"),
    _field("next_charge_at", DATE, "Assinatura: Próxima cobrança", "newest.next_charge_at"),
    _field("previous_plan", TEXT, "Assinatura: Plano anterior", "newest.previous_plan_name"),
    _field("old_charge_day", NUMBER, "Assinatura: Dia de cobrança anterior", "newest.old_charge_day"),
    _field("new_charge_day", NUMBER, "Assinatura: Novo dia de cobrança", "newest.new_charge_day"),
    _field("module_name", TEXT, "Módulo: Nome", "newest.module_name"),
    _field("carrier", TEXT, "Envio: Transportadora", "newest.carrier"),
    _field("attempt_kind", TEXT, "Recuperação: Tipo da tentativa", "recovery.kind"),
    _field("attempted_at", DATE, "Recuperação: Data da tentativa", "recovery.last_at"),
    _field("attempts", NUMBER, "Recuperação: Quantidade de tentativas", "recovery.number"),
    _field("lead_id", TEXT, "Lead: ID", "lead.id"),
    _field("lead_pipeline", TEXT, "Lead: Funil", "lead.pipeline"),
    _field("lead_stage", TEXT, "Lead: Etapa", "lead.stage"),
    _field("lead_previous_stage", TEXT, "Lead: Etapa anterior", "lead.previous_stage"),
)

CATALOGUE = Catalogue((*SALE_FIELDS, *LEAD_FIELDS, *FURTHER_FIELDS))

OF_OLD_POSTS = {
    "account_phone_area": "phone_local_code",
    "account_phone": "phone_number",
    "payment_engine": "payment_engine",
    "hotkey": "hotkey",
    "recurrence_period": "recurrency_period",
    "external_transaction": "transaction_ext",
    "offer_payment_mode": "productOfferPaymentMode",
}
"""Fields of facts that only posts of version 1.0.0 tell, and under which name: 2.0.0 has no such member.

Where Hotmart sends 2.0.0, what is read from them alone is empty: hotkey, recurrence period and the outer payment code.
"""
