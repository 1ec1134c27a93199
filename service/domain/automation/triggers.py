"""What can start an automation: the events of the integrators' list (T1 to T12) and the further ones of Hotmart."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Trigger(StrEnum):
    """What happened; the value is stored and never changes."""

    SALE_APPROVED = "sale_approved"
    SALE_EXPIRED = "sale_expired"
    SALE_OVERDUE = "sale_overdue"
    SUBSCRIPTION_CREATED = "subscription_created"
    SALE_CANCELED = "sale_canceled"
    SALE_REFUNDED = "sale_refunded"
    REFUND_REQUESTED = "refund_requested"
    CART_ABANDONED = "cart_abandoned"
    SALE_COMPLETE = "sale_complete"
    SALE_CREATED = "sale_created"
    SUBSCRIPTION_CANCELED = "subscription_canceled"
    LEAD_STAGE_REACHED = "lead_stage_reached"
    CHARGEBACK = "chargeback"
    PAYMENT_ISSUED = "payment_issued"
    SALE_PARTIALLY_REFUNDED = "sale_partially_refunded"
    SUBSCRIPTION_STARTED = "subscription_started"
    SUBSCRIPTION_RENEWED = "subscription_renewed"
    PLAN_SWITCHED = "plan_switched"
    CHARGE_DATE_CHANGED = "charge_date_changed"
    FIRST_ACCESS = "first_access"
    MODULE_COMPLETED = "module_completed"
    SALE_SHIPPED = "sale_shipped"
    SALE_RECOVERED = "sale_recovered"


class SubjectKind(StrEnum):
    """What a trigger is about, and so what one lead stands for."""

    TRANSACTION = "transaction"
    SUBSCRIPTION = "subscription"
    CART = "cart"
    CLIENT_PRODUCT = "client_product"
    LEAD = "lead"


class Subject(NamedTuple):
    """One thing a lead can stand for.

    `key` is the charge (see `promises.charge_of`), the subscriber code, `<e-mail>|<product>|<day>` of a cart,
    `<e-mail>|<product>` of a member, or the lead's own id.
    """

    kind: SubjectKind
    key: str


class Meaning(NamedTuple):
    """A trigger as people know it: its Portuguese name, when it fires, what it is about.

    `code` is its number in the integrators' list. `milestone` is the kind of milestone whose first appearance
    fires it; None where something else does (a first sight, a recovery).
    """

    label: str
    when: str
    subject: SubjectKind
    milestone: str | None
    code: str | None = None


_SALE, _SUBSCRIPTION, _MEMBER = SubjectKind.TRANSACTION, SubjectKind.SUBSCRIPTION, SubjectKind.CLIENT_PRODUCT

MEANING: dict[Trigger, Meaning] = {
    Trigger.SALE_APPROVED: Meaning("Venda aprovada", "A cada venda aprovada na Hotmart", _SALE, "approved", "T1"),
    Trigger.SALE_EXPIRED: Meaning("Venda expirada", "A cada venda expirada na Hotmart", _SALE, "expired", "T2"),
    Trigger.SALE_OVERDUE: Meaning(
        "Venda atrasada", "Quando uma venda estiver atrasada na Hotmart", _SALE, "overdue", "T3"
    ),
    Trigger.SUBSCRIPTION_CREATED: Meaning(
        "Assinatura criada", "Quando uma assinatura for criada na Hotmart", _SUBSCRIPTION, None, "T4"
    ),
    Trigger.SALE_CANCELED: Meaning("Venda cancelada", "A cada venda cancelada na Hotmart", _SALE, "canceled", "T5"),
    Trigger.SALE_REFUNDED: Meaning("Venda reembolsada", "A cada venda reembolsada na Hotmart", _SALE, "refunded", "T6"),
    Trigger.REFUND_REQUESTED: Meaning(
        "Pedido de reembolso", "Quando um pedido de reembolso for feito na Hotmart", _SALE, "disputed", "T7"
    ),
    Trigger.CART_ABANDONED: Meaning(
        "Carrinho Abandonado",
        "A cada carrinho abandonado na Hotmart",
        SubjectKind.CART,
        "cart_abandoned",
        "T8",
    ),
    Trigger.SALE_COMPLETE: Meaning("Venda completa", "A cada venda completa na Hotmart", _SALE, "complete", "T9"),
    Trigger.SALE_CREATED: Meaning("Venda criada", "A cada venda criada na Hotmart", _SALE, None, "T10"),
    Trigger.SUBSCRIPTION_CANCELED: Meaning(
        "Assinatura cancelada",
        "Quando uma assinatura for cancelada na Hotmart",
        _SUBSCRIPTION,
        "subscription_canceled",
        "T11",
    ),
    Trigger.LEAD_STAGE_REACHED: Meaning(
        "Lead alcançou uma etapa",
        "Quando um lead alcança uma etapa na Kommo",
        SubjectKind.LEAD,
        "lead_stage_reached",
        "T12",
    ),
    Trigger.CHARGEBACK: Meaning("Chargeback", "A cada chargeback na Hotmart", _SALE, "chargeback"),
    Trigger.PAYMENT_ISSUED: Meaning(
        "Aguardando pagamento", "A cada boleto ou Pix gerado na Hotmart", _SALE, "payment_issued"
    ),
    Trigger.SALE_PARTIALLY_REFUNDED: Meaning(
        "Venda reembolsada em parte", "A cada reembolso parcial na Hotmart", _SALE, "partially_refunded"
    ),
    Trigger.SUBSCRIPTION_STARTED: Meaning(
        "Assinatura iniciada",
        "Quando a primeira cobrança de uma assinatura for paga",
        _SUBSCRIPTION,
        "subscription_started",
    ),
    Trigger.SUBSCRIPTION_RENEWED: Meaning(
        "Assinatura renovada", "A cada nova cobrança paga de uma assinatura", _SALE, "subscription_renewed"
    ),
    Trigger.PLAN_SWITCHED: Meaning(
        "Troca de plano", "A cada troca de plano de uma assinatura", _SUBSCRIPTION, "plan_switched"
    ),
    Trigger.CHARGE_DATE_CHANGED: Meaning(
        "Atualização de data de cobrança",
        "Quando o dia de cobrança de uma assinatura mudar",
        _SUBSCRIPTION,
        "charge_date_changed",
    ),
    Trigger.FIRST_ACCESS: Meaning(
        "Primeiro acesso", "No primeiro acesso de um cliente à área de membros", _MEMBER, "first_access"
    ),
    Trigger.MODULE_COMPLETED: Meaning(
        "Módulo completo", "A cada módulo completado na área de membros", _MEMBER, "module_completed"
    ),
    Trigger.SALE_SHIPPED: Meaning("Pedido em envio", "A cada venda com dados de logística", _SALE, "shipped"),
    Trigger.SALE_RECOVERED: Meaning(
        "Venda recuperada", "Quando uma venda segue uma tentativa que falhou ou um carrinho", _SALE, None
    ),
}

TRIGGER_OF_MILESTONE = {meaning.milestone: trigger for trigger, meaning in MEANING.items() if meaning.milestone}
"""Kind of milestone to what its first appearance fires."""
