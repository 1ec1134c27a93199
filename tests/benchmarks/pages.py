"""Rows 11 and 12: how long pages over a crowd of clients take, and how much longer than over a few.

`python -m tests.benchmarks.pages 10000 1000000` prints every question alone. Each is asked of an account of each size
in one database: query and HTML, and for clients the count too, as they are fetched while somebody types. Told are 95th
percentiles, their ratio, and the plans of the slowest three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event

from service.app import create_app
from service.local import servers, settings_with
from service.panels.every import PANELS
from service.settings import ROOT, Settings
from service.store import accounts, ledger
from service.store.accounts import Account
from service.store.engine import engine_of, transaction
from service.store.migrate import upgrade
from service.store.sums import keeping
from tests.benchmarks import crowd
from tests.benchmarks.result import Line, Series, figure
from tests.benchmarks.scale import FULL, Scale
from tests.conftest import settings_in
from tests.web.visitors import Visitor, a_member

PAGE = ROOT / "docs" / "performance-pages.md"
ROUNDS = 40
SLOWEST = 3
MOST_MS = 150.0
MOST_RATIO = 3.0
CLIENTS = {
    "all, last seen": "",
    "by name": "sort=name",
    "by first seen, oldest first": "sort=first_seen&order=asc",
    "by purchases": "sort=purchases",
    "by revenue in BRL": "sort=revenue-BRL",
    "a common name": "q=maria",
    "a common name, by name": "q=maria+silva&sort=name",
    "a very common word": "q=gmail.example.com",
    "one letter": "q=m",
    "one rare letter": "q=x",
    "two letters": "q=jo",
    "two rare beginnings": "q=zi+wa",
    "an e-mail": "q=maria.silva77@gmail",
    "the end of a number": "q=4321",
    "a whole telephone": "q=(11)+98460-8942",
    "nobody": "q=zzzz",
    "a popular product": "product=770001",
    "a rare product, by name": "product=770060&sort=name",
    "charged back": "status=chargeback",
    "charged back and a rare product": "status=chargeback&product=770060",
    "from Argentina": "country=AR",
    "last bought long ago": "last_to=2024-05-31",
    "first bought in a month": "first_from=2024-01-01&first_to=2024-01-31",
    "bought last month": "last_from=2026-10-01&last_to=2026-10-31",
    "revenue of 900 USD and more": "currency=USD&least=900",
    "overdue subscription, by name": "subscription=overdue&sort=name",
    "can still be won": "opportunity=true",
    "nothing left to win": "opportunity=false",
    "five filters": "q=ana&product=770003&status=refunded&country=BR&opportunity=true",
}
SALES = {
    "list": "all transactions of 30 days",
    "list?period=all": "all transactions",
    "list?period=all&status=chargeback": "transactions charged back",
    "opportunities?period=all": "sales to recover",
    "opportunities?period=all&state=recovered": "recovered sales",
    "steps?kind=refunded&period=all": "refunds",
    "subscriptions?status=active&period=all": "subscriptions",
}
PERIODS = ("7d", "90d", "all")
QUESTIONS = {
    **{f"clients: {name}": f"clients/found?{query}" for name, query in CLIENTS.items()},
    "a client": "clients/{client}",
    "a client's journey": "clients/{client}/journey",
    **{f"panel {name}, {period}": f"sales/panel/{name}?period={period}" for name in PANELS for period in PERIODS},
    **{f"list: {name}": f"sales/{path}" for path, name in SALES.items()},
}


class Timed(NamedTuple):
    """The 95th percentile of one question in ms, and the slowest statement behind it with its values."""

    p95: float
    statement: str
    values: dict[str, Any]


@contextmanager
def database(url: str | None) -> Iterator[Settings]:
    """Settings with a database of their own, or with the one at `url`."""
    with tempfile.TemporaryDirectory(prefix="marco-crowd-") as folder:
        settings = settings_in(Path(folder))
        if url is not None:
            settings = replace(settings, database_url=url)
        with servers(settings, fast=True) as found:
            yield settings_with(settings, found)


def account_of(engine: Engine, clients: int) -> Account:
    """The account with so many clients; made where it is not there yet."""
    with transaction(engine) as tx:
        known = [account for account in accounts.every(tx) if account.name == f"Crowd of {clients}"]
    return known[0] if known else crowd.new_account(engine, clients)


def add_up(engine: Engine, account: Account) -> int:
    """Add up every stale day, as the watchers do; how many days."""
    days = 0
    while True:
        with transaction(engine) as tx:
            ledger.lock(tx, account.id)
            kept = keeping.keep_some(tx, account, 1.0)
        if not kept:
            return days
        days += kept


def busiest(engine: Engine, account: Account) -> str:
    """The id of a client with many purchases."""
    with transaction(engine) as tx:
        found = tx.exec_driver_sql(
            "SELECT id FROM clients WHERE account_id = %s ORDER BY purchases DESC LIMIT 1", (account.id,)
        )
        return str(found.scalar_one())


def asked(visitor: Visitor, engine: Engine, path: str, rounds: int) -> Timed:
    """One question, so often; the first time is for warming up."""
    slowest: list[tuple[float, str, dict[str, Any]]] = [(0.0, "", {})]
    begun: list[float] = []

    def begins(*_: Any) -> None:
        begun.append(time.perf_counter())

    def ends(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        slowest.append((time.perf_counter() - begun.pop(), statement, values))

    event.listen(engine, "before_cursor_execute", begins)
    event.listen(engine, "after_cursor_execute", ends)
    visitor.reads(path)
    slowest.clear()
    seconds = [_seconds(visitor, path) for _ in range(rounds)]
    event.remove(engine, "before_cursor_execute", begins)
    event.remove(engine, "after_cursor_execute", ends)
    _, statement, values = max(slowest, key=lambda one: one[0])
    return Timed(sorted(seconds)[int(0.95 * (rounds - 1))] * 1000, statement, values)


def _seconds(visitor: Visitor, path: str) -> float:
    begun = time.perf_counter()
    visitor.reads(path)
    return time.perf_counter() - begun


def plan(engine: Engine, timed: Timed) -> str:
    """How PostgreSQL answers the slowest statement of a question."""
    with transaction(engine) as tx:
        rows = tx.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {timed.statement}", timed.values)
        return "\n".join(row[0] for row in rows)


class Answers(NamedTuple):
    """How long each question took at each size, and the plans of the slowest."""

    sizes: Sequence[int]
    told: dict[str, list[Timed]]
    plans: dict[str, str]

    def ratio(self, name: str) -> float:
        """How much longer the largest crowd takes than the smallest."""
        timed = self.told[name]
        return timed[-1].p95 / timed[0].p95

    def misses(self) -> list[str]:
        """What does not keep to the limits, and by how much."""
        return [
            f"{name} {figure(timed[-1].p95)} ms (ratio {figure(self.ratio(name))})"
            for name, timed in self.told.items()
            if timed[-1].p95 > MOST_MS or self.ratio(name) > MOST_RATIO
        ]


def answers(sizes: Sequence[int], rounds: int = ROUNDS, url: str | None = None) -> Answers:
    """Ask everything of crowds of these sizes, of the database at `url` or one of their own."""
    with database(url) as settings:
        upgrade(settings.database_url)
        engine = engine_of(settings.database_url)
        app = create_app(settings)
        told: dict[str, list[Timed]] = {name: [] for name in QUESTIONS}
        for clients in sizes:
            account = account_of(engine, clients)
            somebody = busiest(engine, account)
            print(f"{add_up(engine, account)} days of {clients:,} clients added up", flush=True)
            visitor = a_member(app, account)
            for name, query in QUESTIONS.items():
                path = f"/a/{account.key}/{query}".replace("{client}", somebody)
                told[name].append(asked(visitor, app.extensions["marco"].engine, path, rounds))
        slowest = sorted(told, key=lambda name: -told[name][-1].p95)[:SLOWEST]
        return Answers(sizes, told, {name: plan(engine, told[name][-1]) for name in slowest})


def over_a_crowd(scale: Scale, *, keep: bool) -> list[Line]:
    """Rows 11 and 12: the slowest page over the crowd, and the worst ratio to the same page over few clients.

    In full size and with `keep` every question is written to docs/performance-pages.md.
    """
    found = answers((scale.few_clients, scale.many_clients))
    if keep and scale is FULL:
        PAGE.write_text(page(found), "utf-8")
    names, misses = list(found.told), found.misses()
    reached = f"{len(names) - len(misses)} of {len(names)} questions keep to both limits"
    slowest = max(names, key=lambda name: found.told[name][-1].p95)
    steepest = max(names, key=found.ratio)
    return [
        Line(
            11,
            f"slowest page over {scale.many_clients:,} clients with three purchases each, p95 of {ROUNDS}",
            Series("ms", [found.told[slowest][-1].p95]),
            reach="≤ 150 ms",
            most=MOST_MS,
            besides=(f"slowest is: {slowest}", reached, *([f"not: {', '.join(misses)}"] if misses else [])),
        ),
        Line(
            12,
            f"the worst ratio of a page to the same over {scale.few_clients:,} clients",
            Series("ms", [found.told[steepest][-1].p95]),
            Series("ms", [found.told[steepest][0].p95]),
            reach="≤ 3",
            most=MOST_RATIO,
            besides=(f"steepest is: {steepest}",),
        ),
    ]


def page(found: Answers) -> str:
    """All questions as a page of the documentation."""
    plans = [f"\n### {name}\n\n```\n{told}\n```" for name, told in found.plans.items()]
    head = (
        "# Speed of pages over a crowd\n\nWritten by `make bench` (rows 11 and 12 of `docs/performance.md`): 95th"
        f" percentiles of {ROUNDS} askings each, one after the other, in milliseconds, of the whole answer: queries,\n"
        "template, and for lists of clients the count. Each client has three purchases. Limits: 150 ms, ratio 3.\n"
    )
    return "\n".join([head, *table(found), "\n## Plans of the slowest", *plans, ""])


def table(found: Answers) -> list[str]:
    """p95 of each question at each size, the ratio of the last to the first, and whether both are as promised."""
    lines = ["| Question | " + " | ".join(f"{size:,} (ms)" for size in found.sizes) + " | Ratio | Reached |"]
    lines.append("|" + " --- |" * (len(found.sizes) + 3))
    for name, timed in found.told.items():
        verdict = "yes" if timed[-1].p95 <= MOST_MS and found.ratio(name) <= MOST_RATIO else "**no**"
        numbers = " | ".join(figure(one.p95) for one in timed)
        lines.append(f"| {name} | {numbers} | {figure(found.ratio(name))} | {verdict} |")
    return lines


def main() -> None:
    """Print the table and the plans."""
    chosen = _arguments()
    print(page(answers(chosen.clients, chosen.rounds, chosen.url)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__)
    parser.add_argument("clients", nargs="*", type=int, default=[10_000, 200_000], help="sizes of the accounts")
    parser.add_argument("--url", help="a database that has such accounts already, or will have them")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
