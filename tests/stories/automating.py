"""Words for stories about automations: postbacks of one buyer, automations that are on, what they are owed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.automation.triggers import Trigger
from service.samples import an_event
from service.samples.cast import COURSE
from service.store import accounts, automations
from service.store.engine import transaction
from tests.living import House

NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
ANA, BRUNO = "ana.lima@example.com", "bruno.modelo@example.com"
MAPPING: dict[str, Any] = {
    "lead_name": "{{Produto: Nome}} - {{Comprador: Nome completo | title}}",
    "lead_value": "{{Preço da compra}}",
    "pipeline_id": 7700100,
    "stage_id": 61000010,
    "contact": {
        "name": "{{Comprador: Nome completo | title}}",
        "email": "{{Comprador: E-mail}}",
        "phone": "{{Comprador: Telefone}}",
    },
    "note": "Venda: {{Preço da compra | money}}",
    "tags": ["hotmart"],
}


def told(event: str, minutes: float, code: str = "HP0000000001", email: str = ANA, **more: Any) -> dict[str, Any]:
    """A postback so many minutes after noon; carts have no code."""
    moment = NOON + timedelta(minutes=minutes)
    known: Any = {"email": email, "product": COURSE, "at": moment, "transaction": code, "ordered_at": moment}
    return an_event(event, **{**known, **more})


def approved(minutes: float = 0, code: str = "HP0000000001", email: str = ANA, **more: Any) -> dict[str, Any]:
    """An approved sale."""
    moment = NOON + timedelta(minutes=minutes)
    return told("PURCHASE_APPROVED", minutes, code, email, **{"approved_at": moment, **more})


def cart(minutes: float = 0, email: str = ANA, **more: Any) -> dict[str, Any]:
    """An abandoned cart."""
    return told("PURCHASE_OUT_OF_SHOPPING_CART", minutes, email=email, **more)


def refresh(house: House) -> None:
    """Read the house's account anew, as every round of a worker does."""
    with transaction(house.shop.engine) as tx:
        house.account = accounts.with_id(tx, house.account.id)


def automate(house: House, trigger: Trigger, *, state: str = "on", **said: Any) -> int:
    """An automation of the house; its id."""
    now, mapping = datetime.now(UTC), {**MAPPING, **said.pop("mapping", {})}
    usual: dict[str, Any] = {"filter": {}, "destination": "kommo", "policy": "always_new"}
    draft = automations.Draft(**{"name": str(trigger), "trigger": trigger, "mapping": mapping, **usual, **said})
    with transaction(house.shop.engine) as tx:
        made = automations.create(tx, house.account.id, draft, now)
        automations.switch(tx, house.account.id, made, state, now)
    refresh(house)
    return made


def switch(house: House, automation: int, state: str) -> None:
    """Switch an automation."""
    with transaction(house.shop.engine) as tx:
        automations.switch(tx, house.account.id, automation, state, datetime.now(UTC))
    refresh(house)


def outbox(house: House) -> list[tuple[str, str, str]]:
    """(trigger, subject, state) of everything promised, in order."""
    rows = house.rows("SELECT trigger, subject, state FROM outbox WHERE account_id = :account ORDER BY id")
    return [tuple(row) for row in rows]
