"""Words for stories about automations: postbacks of one buyer, automations that are on, what they are owed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.automation.triggers import Trigger
from service.samples import an_event
from service.samples.cast import COURSE
from service.store import accounts, automations, connections
from service.store.connections import Opening
from service.store.engine import transaction
from service.store.vault import vault_of
from tests.kommo.server import FakeKommo
from tests.living import House
from workers import deliver

NOON = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
ANA, BRUNO = "ana.lima@example.com", "bruno.modelo@example.com"
SOMEBODYS = "de outra pessoa"
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


def a_buyer(number: int, *, sale: int = 0, phone: int | None = None) -> dict[str, Any]:
    """A sale of a buyer with a phone of their own, unless it is another one's."""
    posted = approved(sale, f"HP{sale:05}{number:05}", f"buyer{number}@example.com")
    written = {"checkout_phone_code": "31", "checkout_phone": f"319{80000000 + (phone or number)}"}
    posted["data"]["buyer"] |= written
    return posted


def poured(house: House, *bodies: dict[str, Any]) -> None:
    """These came with a spreadsheet: what they owe goes behind live traffic."""
    before = {row.id for row in house.rows("SELECT id FROM outbox WHERE account_id = :account")}
    house.receives(*bodies)
    fresh = [row.id for row in house.rows("SELECT id FROM outbox WHERE account_id = :account") if row.id not in before]
    house.rows_changed("UPDATE outbox SET priority = 1 WHERE account_id = :account AND id = ANY(:fresh)", fresh=fresh)


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


def connect(house: House, fake: FakeKommo) -> None:
    """The house's account is connected to this Kommo, on a road wide enough not to be noticed."""
    opening = Opening(fake.origin, fake.account.token, None, fake.account.id)
    with transaction(house.shop.engine) as tx:
        connections.connect(tx, house.account.id, opening, vault_of(house.shop.settings), datetime.now(UTC))


def deliver_all(house: House) -> int:
    """A worker keeps every promise that is due; how many attempts it made."""
    done = 0
    while worked := deliver.step(house.shop):
        done += worked
    return done


def hurry(house: House) -> None:
    """The waits between attempts are over."""
    house.rows_changed(
        "UPDATE outbox SET due_at = now() WHERE account_id = :account AND state IN ('failed', 'waiting')"
    )


def expire(house: House) -> None:
    """A minute passes: leases of lost workers are over."""
    house.rows_changed("UPDATE outbox SET leased_until = now() WHERE account_id = :account AND state = 'leased'")


def attempts(house: House) -> list[tuple[str, str | None]]:
    """(outcome, cause) of every attempt, in order."""
    rows = house.rows(
        "SELECT outcome, cause FROM outbox_attempts WHERE account_id = :account ORDER BY outbox_id, number"
    )
    return [tuple(row) for row in rows]


def ours(fake: FakeKommo) -> list[dict[str, Any]]:
    """Leads in Kommo that we made."""
    return [lead for lead in fake.account.all("leads") if lead["name"] != SOMEBODYS]
