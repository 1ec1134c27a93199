"""Taking a promise reads a few pages of an index, however many wait and whatever the planner knows of the tables."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine, text

from service.connectors.webhook.signing import new_secret
from service.domain.automation.triggers import Trigger
from service.store import automations, endpoints, leases
from service.store.automations import Draft
from service.store.vault import vault_of
from tests.living import House

MANY = """
INSERT INTO outbox (account_id, automation_id, trigger, subject, about_kind, about_key, thread, state, priority,
    occurred_at, delivery_id)
SELECT :account, :automation, 'sale_approved', 't:' || n, 'transaction', n, 'e:' || n, 'waiting', 0, now(), 1
FROM generate_series(1, 5000) AS n
"""
PAGES = 1_000
"""Read by one look at most: it is some forty. All that wait would be 15,000."""


def pages_read(engine: Engine, tx_says: list[str], account: dict[str, int]) -> int:
    """Pages that a look at what is due reads after these statements, all of it taken back."""
    with engine.connect() as tx:
        for statement in tx_says:
            tx.execute(text(statement), account)
        leases.walk_indexes(tx)
        told = {"age": 0, "to": [leases.WEBHOOK], "patience": 9}
        (plan,) = tx.execute(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {leases.NEXT}"), told).scalar_one()
        tx.rollback()
    assert isinstance(plan, dict)
    read: int = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return read


def said(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
        alone.execute(text(statement))


def sends_somewhere(house: House) -> dict[str, int]:
    """An automation of the house that sends to an address of its own."""
    now, shop = datetime.now(UTC), house.shop
    with shop.engine.begin() as tx:
        vault = vault_of(shop.settings)
        endpoint = endpoints.create(tx, house.account.id, "https://example.com/x", new_secret(), vault)
        draft = Draft("n8n", Trigger.SALE_APPROVED, {}, leases.WEBHOOK, {}, "always_new", endpoint_id=endpoint)
        automation = automations.create(tx, house.account.id, draft, now)
        automations.switch(tx, house.account.id, automation, "on", now)
    return {"account": house.account.id, "automation": automation}


def test_a_look_at_what_is_due_reads_a_few_pages_also_where_an_address_of_thousands_is_busy(house: House) -> None:
    about, shop = sends_somewhere(house), house.shop
    busy = (
        "UPDATE outbox SET state = 'leased', leased_until = now() + interval '1 hour'"
        " WHERE account_id = :account AND automation_id = :automation AND subject = 't:1'"
    )
    off = "UPDATE automations SET state = 'off' WHERE account_id = :account AND id = :automation"
    with shop.engine.begin() as tx:
        tx.execute(text(MANY), about)
    for known in ("SELECT 1", "ANALYZE", "VACUUM ANALYZE"):
        said(shop.engine, known)
        for change in ([], [busy], [off]):
            assert pages_read(shop.engine, change, about) < PAGES
    house.rows_changed("UPDATE webhook_endpoints SET state = 'disabled' WHERE account_id = :account")


def test_an_account_with_thousands_waiting_does_not_make_another_one_wait_for_all_of_them(
    house: House, another_house: House
) -> None:
    crowded, other = sends_somewhere(house), sends_somewhere(another_house)
    with house.shop.engine.begin() as tx:
        tx.execute(text(MANY), crowded)
        tx.execute(text(MANY.replace("5000", "1")), other)
    served = []
    while other["account"] not in served:
        with house.shop.engine.begin() as tx:
            leased = leases.take(tx, (leases.WEBHOOK,))
            assert leased is not None
            leases.settle(tx, leased, leases.Settled("done"), datetime.now(UTC))
        served.append(leased.account_id)
        assert len(served) < 200
    for one in (house, another_house):
        one.rows_changed("UPDATE webhook_endpoints SET state = 'disabled' WHERE account_id = :account")
