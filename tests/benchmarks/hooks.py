"""Row 14: how soon Kommo's hooks are answered, fifty of them a second."""

from __future__ import annotations

import http.client
import threading
import time
from urllib.parse import urlencode

from service.store import crm_hooks
from service.store.engine import engine_of, transaction
from service.store.vault import vault_of
from tests.benchmarks.house import Failed, House
from tests.benchmarks.result import Line, Series, figure
from tests.benchmarks.scale import Scale

PER_SECOND = 50
POSTERS = 10
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def answered(house: House, scale: Scale) -> Line:
    """Row 14. Hooks at a fixed rate, whatever the door does; the time from the moment each was due to its answer."""
    worst, median = [], []
    for _ in range(scale.rounds):
        house.empty()
        path = _address(house)
        with house.web() as web:
            waits = _posted(web.port, path, PER_SECOND * scale.load_seconds)
        ((kept,),) = house.ask("SELECT count(*) FROM deliveries WHERE source = 'kommo'")
        if kept != len(waits):
            raise Failed(f"{len(waits)} hooks answered, {kept} kept")
        worst.append(waits[int(len(waits) * 0.99)])
        median.append(waits[len(waits) // 2])
    return Line(
        14,
        f"answer to Kommo's hooks, p99 at {PER_SECOND}/s",
        Series("s", worst),
        reach="≤ 0.3 s",
        most=0.3,
        besides=(f"p50 {figure(1000 * sorted(median)[len(median) // 2])} ms; each hook is kept before it is answered",),
    )


def _address(house: House) -> str:
    seller = house.seller()
    engine = engine_of(house.settings.database_url, pool_size=1, application="marco-bench")
    with transaction(engine) as tx:
        secret = crm_hooks.add(tx, seller.id, vault_of(house.settings))
    engine.dispose()
    return f"/webhooks/kommo/{seller.key}/{secret}"


def _posted(port: int, path: str, hooks: int) -> list[float]:
    """Seconds from due to answered, shortest first. Raises Failed unless every answer is a 200."""
    begins, waits = time.monotonic() + 0.5, list[float]()

    def post(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for number in range(first, hooks, POSTERS):
            due = begins + number / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            connection.request("POST", path, body=_hook(number), headers=FORM)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise Failed(f"a hook was answered with {answer.status}")
            waits.append(time.monotonic() - due)
        connection.close()

    posting = [threading.Thread(target=post, args=(first,)) for first in range(POSTERS)]
    for one in posting:
        one.start()
    for one in posting:
        one.join()
    if len(waits) != hooks:
        raise Failed(f"{len(waits)} of {hooks} hooks were answered")
    return sorted(waits)


def _hook(number: int) -> str:
    said = {"id": 9_000_000 + number, "pipeline_id": 7700100, "status_id": 61000020, "updated_at": 1_795_000_000}
    return urlencode({f"leads[status][0][{name}]": value for name, value in said.items()})
