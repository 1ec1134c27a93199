"""Row 13: how much of what the limit of requests allows is used when history goes to Kommo."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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
from tests.kommo.server import FakeKommo
from tests.stories.automating import MAPPING

COURIERS = 2
"""Processes that deliver: what one worker is, with its watcher."""
OPEN = "SELECT 1 FROM outbox WHERE state IN ('waiting', 'failed', 'leased') LIMIT 1"


def to_kommo(house: House, scale: Scale) -> Line:
    """Row 13. So many sales of new buyers, owed behind live traffic, with all that a usual automation writes."""
    reached, costs = [], []
    for _ in range(scale.history_rounds):
        house.empty()
        with large_kommo(scale.history_per_second) as kommo:
            _owed(house, kommo, scale.history_sales)
            with _couriers(house, scale.history_per_second):
                until(lambda: not house.ask(OPEN), "history to reach Kommo", patience=3600, pause=0.5)
            _everything_is_there(house, kommo, scale.history_sales)
        times = kommo.rates.times()
        reached.append((len(times) - 1) / (times[-1] - times[0]))
        costs.append(len(times) / scale.history_sales)
    cost = Series("requests a sale", costs)
    return Line(
        13,
        f"{scale.history_sales:,} sales of history to Kommo: requests/s ÷ what the limit allows",
        Series("requests/s", reached),
        Series("requests/s allowed", [float(scale.history_per_second)]),
        reach="≥ 0.95",
        least=0.95,
        besides=(
            f"{cost}, of a buyer Kommo does not know: three searches, and its share of two writes for fifty",
            f"at the usual limit of {OURS} a second that is {figure(60 * OURS / cost.median)} sales a minute",
            f"{COURIERS} processes deliver; Kommo, which bans at the first request above its own limit, banned nobody",
        ),
    )


def _owed(house: House, kommo: FakeKommo, sales: int) -> None:
    """A connected seller whose automation is owed for so many sales."""
    account_id, now = house.seller().id, datetime.now(UTC)
    engine = engine_of(house.settings.database_url, pool_size=1, application="marco-bench")
    opening = Opening(kommo.origin, kommo.account.token, None, kommo.account.id)
    usual = {"filter": {}, "destination": "kommo", "policy": "always_new"}
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


def _everything_is_there(house: House, kommo: FakeKommo, sales: int) -> None:
    """Raises Failed unless every sale is one lead, and Kommo never had to refuse us."""
    leads, notes = len(kommo.account.all("leads")), len(kommo.account.notes)
    ((done,),) = house.ask("SELECT count(*) FROM outbox WHERE state = 'done'")
    if (leads, notes, done) != (sales, sales, sales) or kommo.rates.refusals:
        raise Failed(f"{sales} sales: {leads} leads, {notes} notes, {done} done, {kommo.rates.refusals} refused")
