"""Ready automations: the ten of the integrators' list, and the overdue one it lacks, each one step from working."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from service.domain.automation.leads import Policy
from service.domain.automation.triggers import MEANING, SubjectKind, Trigger


class StageHint(StrEnum):
    """Where a lead of this kind usually goes: a stage to suggest until somebody chose one."""

    ENTRY = "entry"
    TO_RECOVER = "to_recover"
    WAITING = "waiting"
    WON = "won"
    AT_RISK = "at_risk"
    LOST = "lost"


class Ready(NamedTuple):
    """An automation to begin with: create or update a lead in Kommo.

    The texts are templates of labels: the lead's name and value (both required there), the note, who the contact is.
    `transaction` goes to the field by which a lead is found again.
    """

    key: str
    name: str
    trigger: Trigger
    lead_name: str
    lead_value: str
    contact_name: str
    contact_email: str
    contact_phone: str
    note: str
    tags: tuple[str, ...]
    transaction: str
    stage: StageHint
    policy: Policy


BUYER = ("{{Comprador: Nome completo | title}}", "{{Comprador: E-mail}}", "{{Comprador: Telefone}}")
SALE_NAME = "{{Produto: Nome}} - {{Comprador: Nome completo | title}}"
SALE_VALUE = "{{Preço da compra}}"
PAYMENT = "{{Preço da compra | money}}, {{Forma de Pagamento (boleto, cartão de crédito, etc)}}."
REFUSAL = "Motivo: {{Motivo da recusa | default:não informado}}."
CODE = "{{Código de transação}}"
MARK = "[{{Código de transação}}]"

NOTES = {
    Trigger.SALE_EXPIRED: f"Venda expirada, {PAYMENT} {MARK}",
    Trigger.SALE_CANCELED: f"Venda cancelada, {PAYMENT} {REFUSAL} {MARK}",
    Trigger.CART_ABANDONED: "Carrinho abandonado: {{Nome do produto}}, em {{Data do acontecimento | date}}.",
    Trigger.SALE_APPROVED: f"Venda aprovada, {PAYMENT} {MARK}",
    Trigger.SALE_CREATED: f"Venda criada, {PAYMENT} {MARK}",
    Trigger.SUBSCRIPTION_CREATED: (
        "Assinatura criada: {{Nome do plano de assinatura}}, {{Valor da assinatura | money}}. [{{Código do assinante}}]"
    ),
    Trigger.SUBSCRIPTION_CANCELED: (
        "Assinatura cancelada em {{Data do cancelamento | date}}: "
        "{{Plano: Nome do plano de assinatura}}. [{{Assinante: Código}}]"
    ),
    Trigger.SALE_REFUNDED: f"Venda reembolsada, {PAYMENT} {MARK}",
    Trigger.REFUND_REQUESTED: f"Pedido de reembolso, {PAYMENT} {MARK}",
    Trigger.SALE_COMPLETE: f"Venda completa, {PAYMENT} {MARK}",
    Trigger.SALE_OVERDUE: f"Venda atrasada, {PAYMENT} {REFUSAL} {MARK}",
}
HINTS = {
    Trigger.SALE_EXPIRED: StageHint.TO_RECOVER,
    Trigger.SALE_CANCELED: StageHint.TO_RECOVER,
    Trigger.CART_ABANDONED: StageHint.TO_RECOVER,
    Trigger.SALE_APPROVED: StageHint.WON,
    Trigger.SALE_CREATED: StageHint.ENTRY,
    Trigger.SUBSCRIPTION_CREATED: StageHint.ENTRY,
    Trigger.SUBSCRIPTION_CANCELED: StageHint.LOST,
    Trigger.SALE_REFUNDED: StageHint.LOST,
    Trigger.REFUND_REQUESTED: StageHint.AT_RISK,
    Trigger.SALE_COMPLETE: StageHint.WON,
    Trigger.SALE_OVERDUE: StageHint.WAITING,
}
VALUES = {
    Trigger.CART_ABANDONED: "{{Preço da compra | default:0}}",  # a cart has no price
    Trigger.SUBSCRIPTION_CREATED: "{{Valor da assinatura}}",
    Trigger.SUBSCRIPTION_CANCELED: "{{Valor atual da recorrência cobrada | default:0}}",
}


def _ready(trigger: Trigger) -> Ready:
    meaning = MEANING[trigger]
    contact_name, contact_email, contact_phone = BUYER
    return Ready(
        key=str(trigger),
        name=meaning.label,
        trigger=trigger,
        lead_name=SALE_NAME,
        lead_value=VALUES.get(trigger, SALE_VALUE),
        contact_name=contact_name,
        contact_email=contact_email,
        contact_phone=contact_phone,
        note=NOTES[trigger],
        tags=("hotmart", str(trigger).replace("_", "-")),
        transaction=CODE if meaning.subject is SubjectKind.TRANSACTION else "",
        stage=HINTS[trigger],
        policy=Policy.REUSE_OPEN_OF_PRODUCT,
    )


READY = tuple(_ready(trigger) for trigger in NOTES)
"""In the order of the list; overdue last."""
