"""Row 13: how much of what the limit of requests allows is used when history goes to Kommo."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.automation.triggers import Trigger
from service.queues import Lane
from service.samples import an_event
from service.samples.cast import COURSE
from service.store import automations, connections
from service.store.connections import Opening
from service.store.engine import engine_of, transaction
from service.store.vault import vault_of
from tests.benchmarks.crm import OURS, large_kommo
from tests.benchmarks.drain import fill, until_drained
from tests.benchmarks.events import FIRST_DAY
from tests.benchmarks.house import Failed, House, until
from tests.benchmarks.result import Line, Series, figure
from tests.benchmarks.scale import Scale
from tests.kommo.server import FakeKommo, Seen
from tests.stories.automating import MAPPING
from workers.to_kommo_many import BATCH

COURIERS = 2
"""Processes that deliver: what one worker is, with its watcher."""
DONE = "SELECT count(*) FROM outbox WHERE state = 'done'"


def to_kommo(house: House, scale: Scale) -> Line:
    """Row 13. Sales of new buyers, owed behind live traffic with all that a usual automation writes, at the real limit.

    All are owed; the first of them are waited for, because the limit makes hours of the rest.
    """
    house.empty()
    with large_kommo(OURS) as kommo:
        _owed(house, kommo, scale.history_sales)
        with _couriers(house, OURS):
            until(lambda: house.ask(DONE)[0][0] >= scale.history_measured, "history to reach Kommo", 1200, pause=0.2)
            times = kommo.rates.times()
        _nothing_is_doubled(kommo)
    searches = Series("searches", [float(len(_searches(kommo)) / len(_searches(kommo, "leads")))])
    cost = searches.median + 2 / BATCH
    return Line(
        13,
        f"history of {scale.history_sales:,} sales to Kommo: requests/s ÷ the limit",
        Series("requests/s", [(len(times) - 1) / (times[-1] - times[0])]),
        Series("requests/s allowed", [float(OURS)]),
        reach="≥ 0.95",
        least=0.95,
        besides=(
            f"{searches} for a new buyer, two writes for {BATCH} of them: {figure(60 * OURS / cost)} sales a minute",
            f"{COURIERS} processes deliver; Kommo, which bans at the first request above its own limit, banned nobody",
        ),
    )


def _searches(kommo: FakeKommo, kind: str = "") -> list[Seen]:
    return [seen for seen in list(kommo.seen) if "query=" in seen.query and seen.path.endswith(kind)]


def _owed(house: House, kommo: FakeKommo, sales: int) -> None:
    """A connected seller whose automation is owed for so many sales."""
    account_id, now = house.seller().id, datetime.now(UTC)
    engine = engine_of(house.settings.database_url, pool_size=1, application="marco-bench")
    opening = Opening(kommo.origin, kommo.account.token, None, kommo.account.id)
    usual: dict[str, Any] = {"filter": {}, "destination": "kommo", "policy": "always_new"}
    draft = automations.Draft(name="history", trigger=Trigger.SALE_APPROVED, mapping=MAPPING, **usual)
    with transaction(engine) as tx:
        connections.connect(tx, account_id, opening, vault_of(house.settings), now)
        automations.switch(tx, account_id, automations.create(tx, account_id, draft, now), "on", now)
    engine.dispose()
    begins = [FIRST_DAY + timedelta(minutes=sale) for sale in range(sales)]
    told = [
        an_event(
            "PURCHASE_APPROVED", email=f"buyer.{sale}@example.com", product=COURSE, at=at, approved_at=at, seed=sale
        )
        for sale, at in enumerate(begins)
    ]
    with house.worker(Lane.REALTIME):
        fill(house, account_id, told)
        until_drained(house, patience=600)
    house.database.execute("UPDATE outbox SET priority = 1")
    ((owed,),) = house.ask("SELECT count(*) FROM outbox WHERE state = 'waiting'")
    if owed != sales:
        raise Failed(f"{owed} promises for {sales} sales")


@contextlib.contextmanager
def _couriers(house: House, per_second: int) -> Iterator[None]:
    with contextlib.ExitStack() as running:
        for number in range(COURIERS):
            running.enter_context(
                house.program(f"courier-{number}", ["-m", "tests.benchmarks.courier", str(per_second)])
            )
        yield


def _nothing_is_doubled(kommo: FakeKommo) -> None:
    """Raises Failed unless every lead stands for a sale of its own, and Kommo never had to refuse us."""
    leads = kommo.account.all("leads")
    codes = [entry["values"][0]["value"] for lead in leads for entry in lead["custom_fields_values"] or []]
    if not len(leads) == len(codes) == len(set(codes)) or kommo.rates.refusals:
        raise Failed(f"{len(leads)} leads of {len(set(codes))} sales, {kommo.rates.refusals} requests refused")
