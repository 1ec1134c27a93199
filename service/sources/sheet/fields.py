"""The fields a spreadsheet column can be mapped to: the vocabulary of `GET /api/v1/imports/fields`.

The labels are the headers of Hotmart's detailed sales report where it has the column (the English and
part of the Spanish ones are translations: no such file was ever seen), so each label is a known header too.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """One field. `type` is text, email, phone, document, money, currency, integer, date, status or country."""

    id: str
    type: str
    pt: str
    en: str
    es: str

    def as_json(self) -> dict[str, Any]:
        """The field as the API shows it; of a `group` one field is enough."""
        return {
            "id": self.id,
            "labels": {"pt": self.pt, "en": self.en, "es": self.es},
            "type": self.type,
            "required": self.id in REQUIRED,
            "group": "identity" if self.id in IDENTITY else None,
        }


REQUIRED = frozenset({"status"})
"""Fields a file must give, or the importing person once for all rows."""

IDENTITY = frozenset({"transaction", "email"})
"""A row is worth importing when it has one of these."""

FIELDS = tuple(
    Field(*row)
    for row in (
        ("transaction", "text", "Código da transação", "Transaction code", "Código de la transacción"),
        ("status", "status", "Status da transação", "Transaction status", "Estatus de la transacción"),
        ("ordered_at", "date", "Data da transação", "Transaction date", "Fecha de la transacción"),
        ("approved_at", "date", "Confirmação do pagamento", "Payment confirmation", "Confirmación del pago"),
        ("due_at", "date", "Data de vencimento (vouchers)", "Due date (vouchers)", "Fecha de vencimiento (vouchers)"),
        ("email", "email", "Email do(a) Comprador(a)", "Buyer email", "Email del Comprador(a)"),
        ("name", "text", "Comprador(a)", "Buyer", "Comprador(a)"),
        ("phone_area", "text", "DDD", "Area code", "Código de área"),
        ("phone", "phone", "Telefone", "Phone", "Teléfono"),
        ("document", "document", "Documento", "Document", "Documento"),
        ("country", "country", "País", "Country", "País"),
        ("state", "text", "Estado / Província", "State / Province", "Estado / Provincia"),
        ("city", "text", "Cidade", "City", "Ciudad"),
        ("postcode", "text", "Código postal", "Postal code", "Código postal"),
        ("address", "text", "Endereço", "Address", "Dirección"),
        ("address_number", "text", "Número", "Number", "Número"),
        ("address_complement", "text", "Complemento", "Complement", "Complemento"),
        ("district", "text", "Bairro", "Neighborhood", "Barrio"),
        ("instagram", "text", "Instagram", "Instagram", "Instagram"),
        ("product_id", "text", "Código do produto", "Product code", "Código del producto"),
        ("product_name", "text", "Produto", "Product", "Producto"),
        ("offer_code", "text", "Código do preço", "Price code", "Código del precio"),
        ("offer_name", "text", "Nome deste preço", "Price name", "Nombre de este precio"),
        ("producer", "text", "Produtor(a)", "Producer", "Productor(a)"),
        ("producer_document", "document", "Documento do Produtor", "Producer document", "Documento del Productor"),
        ("currency", "currency", "Moeda de compra", "Purchase currency", "Moneda de compra"),
        ("paid", "money", "Valor de compra com impostos", "Purchase value with taxes", "Valor de compra con impuestos"),
        (
            "gross",
            "money",
            "Valor de compra sem impostos",
            "Purchase value without taxes",
            "Valor de compra sin impuestos",
        ),
        (
            "taxes",
            "money",
            "Impostos locais de compra + taxa de parcelamento",
            "Local purchase taxes + installment fee",
            "Impuestos locales de compra + tasa de cuotas",
        ),
        (
            "purchase_rate",
            "text",
            "Taxa de conversão (moeda de compra)",
            "Conversion rate (purchase currency)",
            "Tasa de conversión (moneda de compra)",
        ),
        (
            "receiving_currency",
            "currency",
            "Moeda de recebimento",
            "Receiving currency",
            "Moneda en la que recibirás los valores",
        ),
        (
            "receiving_rate",
            "text",
            "Taxa de conversão (moeda de recebimento)",
            "Conversion rate (receiving currency)",
            "Tasa de conversión (moneda en la que recibirás los valores)",
        ),
        (
            "gross_receiving",
            "money",
            "Faturamento bruto (sem impostos)",
            "Gross revenue (without taxes)",
            "Facturación bruta (sin impuestos)",
        ),
        (
            "gross_receiving_currency",
            "currency",
            "Moeda do Preço Total Convertido",
            "Currency of the converted total",
            "Moneda del Precio Total Convertido",
        ),
        ("net_sale", "money", "Faturamento líquido", "Net revenue", "Facturación neta"),
        (
            "net_producer",
            "money",
            "Faturamento líquido do(a) Produtor(a)",
            "Producer net revenue",
            "Facturación neta del Productor(a)",
        ),
        ("net_offer", "money", "Preço da Oferta (sua parte líquida)", "Offer price (your net share)", "Precio neto"),
        ("net_currency", "currency", "Moeda da sua parte líquida", "Currency of your net share", "Moneda del neto"),
        (
            "net_home",
            "money",
            "Valor que você recebeu convertido",
            "Converted amount you received",
            "Valor que has recibido convertido",
        ),
        (
            "net_home_currency",
            "currency",
            "Moeda do valor recebido convertido",
            "Currency of the converted amount received",
            "Moneda del valor recibido convertido",
        ),
        ("home_rate", "text", "Taxa de Câmbio do valor recebido", "Received amount rate", "Tasa del valor recibido"),
        ("original_price", "money", "Preço Original", "Original price", "Precio Original"),
        ("original_currency", "currency", "Moeda do Preço Original", "Original currency", "Moneda original"),
        ("original_rate", "text", "Taxa de Câmbio", "Exchange rate", "Tasa de Cambio"),
        (
            "affiliate_commission",
            "money",
            "Comissão do(a) Afiliado(a)",
            "Affiliate commission",
            "Comisión del Afiliado(a)",
        ),
        (
            "coproducer_commission",
            "money",
            "Faturamento do(a) Coprodutor(a)",
            "Co-producer revenue",
            "Facturación del Coproductor(a)",
        ),
        ("fee_currency", "currency", "Moeda das taxas", "Fee currency", "Moneda de las tasas"),
        ("fee", "money", "Taxa de processamento", "Processing fee", "Tasa de procesamiento"),
        ("fee_streaming", "money", "Taxa de streaming", "Streaming fee", "Tasa de streaming"),
        ("fee_other", "money", "Outras Taxas", "Other fees", "Otras tasas"),
        (
            "service_tax",
            "money",
            "Imposto sobre Serviço Hotmart",
            "Hotmart service tax",
            "Impuesto sobre el servicio de Hotmart",
        ),
        ("local_taxes", "money", "Impostos locais", "Local taxes", "Impuestos locales"),
        ("installment_fee", "money", "Taxa de parcelamento", "Installment fee", "Tasa de cuotas"),
        ("freight", "money", "Valor do frete bruto", "Gross shipping value", "Valor del flete bruto"),
        ("tax_solutions", "text", "Tax Solutions", "Tax Solutions", "Tax Solutions"),
        ("tax_collected", "text", "Tax Collected", "Tax Collected", "Tax Collected"),
        ("tax_jurisdiction", "text", "Tax Jurisdiction", "Tax Jurisdiction", "Tax Jurisdiction"),
        ("payment_type", "text", "Método de pagamento", "Payment method", "Método de pago"),
        ("processor", "text", "Meio de Pagamento", "Payment processor", "Procesador de pago"),
        ("billing_type", "text", "Tipo de cobrança", "Billing type", "Tipo de cobro"),
        ("installments", "integer", "Quantidade total de parcelas", "Total installments", "Cantidad total de cuotas"),
        ("charge_count", "integer", "Quantidade de cobranças", "Number of charges", "Cantidad de cobros"),
        ("recurrence_number", "integer", "Recorrência", "Recurrence", "Recurrencia"),
        ("subscriber_code", "text", "Código do assinante", "Subscriber code", "Código del suscriptor"),
        ("plan_name", "text", "Plano", "Plan", "Plan"),
        ("trial", "text", "Período gratuito (trial)", "Free period (trial)", "Período gratuito (trial)"),
        ("src", "text", "Código SRC", "SRC code", "Código SRC"),
        ("sck", "text", "Código SCK", "SCK code", "Código SCK"),
        ("channel", "text", "Canal usado para venda", "Sales channel", "Canal usado para la venta"),
        ("sold_as", "text", "Venda feita como", "Sale made as", "Venta hecha como"),
        ("affiliate", "text", "Nome do(a) Afiliado(a)", "Affiliate name", "Nombre del Afiliado(a)"),
        ("affiliate_code", "text", "Código da Afiliação", "Affiliate code", "Código de afiliación"),
        ("sales_tool", "text", "Ferramenta de Venda", "Sales tool", "Herramienta de venta"),
        (
            "parent_transaction",
            "text",
            "Transação do Produto Principal",
            "Main product transaction",
            "Transacción del Producto Principal",
        ),
        ("coupon", "text", "Código de cupom", "Coupon code", "Código de cupón"),
        ("quantity", "integer", "Quantidade de itens", "Item quantity", "Cantidad de ítems"),
        ("refusal_reason", "text", "Motivo de Recusa de Cartão", "Card decline reason", "Motivo de rechazo de tarjeta"),
        (
            "anticipation_type",
            "text",
            "Tipo da antecipação de assinatura",
            "Subscription anticipation type",
            "Tipo de anticipo de suscripción",
        ),
        ("row_key", "text", "chave", "Hotmart row key", "clave"),
        ("has_coproducer", "text", "Tem co-produção", "Has co-production", "Tiene coproducción"),
        ("upgrade_offer", "text", "Oferta de Upgrade", "Upgrade offer", "Oferta de Upgrade"),
        ("invoice_issuer", "text", "Nota Fiscal", "Invoice issuer", "Emisor de la factura"),
        ("exact", "text", "Marco: exato", "Marco: exact", "Marco: exacto"),
    )
)

FIELD_OF = {field.id: field for field in FIELDS}

CURRENCIES_OF = {
    "paid": ("currency",),
    "gross": ("currency",),
    "gross_receiving": ("gross_receiving_currency", "receiving_currency"),
    "net_sale": ("receiving_currency",),
    "net_producer": ("receiving_currency",),
    "net_offer": ("net_currency", "receiving_currency"),
    "net_home": ("net_home_currency",),
    "affiliate_commission": ("receiving_currency",),
    "coproducer_commission": ("receiving_currency",),
    "fee": ("fee_currency",),
    "fee_streaming": ("fee_currency",),
    "fee_other": ("fee_currency",),
}
"""Where the currency of an amount stands, best first: the amounts that reach the ledger, and only those."""
