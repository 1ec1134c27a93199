"""The way of poured history into Kommo: looked for one by one, written fifty to a request, settled each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from service.connectors.kommo.answers import Banned, SlowDown
from service.connectors.kommo.foreseen import Foreseen, foresee
from service.connectors.kommo.many import Result, carry_out_many
from service.connectors.kommo.phones import phone_key
from service.connectors.kommo.planning import Plan, Tie
from service.connectors.kommo.shapes import Kind
from service.connectors.kommo.wishes import Book, Stored, Wish
from service.connectors.kommo.wishing import planned
from service.errors import MarcoError, Unauthorized
from service.kommo_desk import book_at, desk_of
from service.store import automations, connections, crm_links, leases
from service.store.connections import Connected
from service.store.engine import transaction
from service.store.leases import Leased, Lost, Settled
from workers.errands import met
from workers.to_kommo import KommoErrand, keep_ids, told, troubled, wished
from workers.workshop import Workshop

BATCH = 50
"""Promises taken together: as many as go into one request."""
MOST_TIES = 2
"""Ties take two requests each; more of them would keep live promises waiting."""
SHORTEST_WAIT, LONGEST_PATIENCE, MOST_PAUSES = 2.0, 20.0, 3
"""Seconds a pause of the road is waited out, and how often: shorter than a lease, which is held before and after."""
SHORT_LIVED = ("road_paused", "road_busy", "road_unknown")
Ready = Callable[[Leased], "KommoErrand | Settled"]
"""Everything that is known about a promise, or how it ends without a request."""
Live = Callable[[], int]
"""Sees to one live promise that came meanwhile, 0 where none did; called between any two of ours."""


class Course(NamedTuple):
    """One promise whose plan is made; `said` are the exchanges of the looking."""

    errand: KommoErrand
    wish: Wish
    plan: Plan
    said: list[dict[str, Any]]


class Batch:
    """Promises of history on their way together. Each ends settled or, where nothing was done, given back."""

    def __init__(self, shop: Workshop, taken: Sequence[Leased], connected: Connected) -> None:
        self.shop, self.desk, self._connected = shop, desk_of(shop.settings, connected), connected
        self.open = dict.fromkeys(taken)
        self._held = time.monotonic()
        self.book: Book | None = None
        self.fresh = False
        self.pauses = MOST_PAUSES
        self._foreseen: Foreseen | None = None

    def begin(self) -> None:
        """At the desk again, after whatever else was done there: behind live traffic, holding all leases still open."""
        self.desk.kommo.begin(urgent=False, foreseen=self._foreseen)
        self.desk.gate.watch(self.hold, self._held)

    def prepared(self) -> Book:
        """What is set up there; read once, with what earlier promises left there, fifty things to a request."""
        if self.book is None:
            kommo, now = self.desk.kommo, datetime.now(UTC)
            book, self.fresh = book_at(self.shop.engine, self._connected, kommo, now)
            self._foreseen = foresee(kommo, self._links())
            self.book = book
            self.begin()
        return self.book

    def settle(self, ended: Mapping[Leased, Settled]) -> None:
        """Write down how these ended, each with a history of its own."""
        with transaction(self.shop.engine) as tx:
            for leased, settled in ended.items():
                leases.settle(tx, leased, settled, datetime.now(UTC))
        for leased in ended:
            del self.open[leased]

    def give_back(self, those: Iterable[Leased], wait: float | None = None) -> None:
        """Let go of promises for which nothing was done, for `wait` seconds at least."""
        due_at = None if wait is None else datetime.now(UTC) + timedelta(seconds=wait)
        with transaction(self.shop.engine) as tx:
            for leased in (gone := list(those)):
                leases.give_back(tx, leased, due_at)
        for leased in gone:
            del self.open[leased]

    def _links(self) -> list[Stored]:
        """What earlier promises about the same subjects and clients left there."""
        abouts = [one.event.about for one in self.open]
        wanted = [(str(about.kind), about.key) for about in abouts]
        wanted += [(crm_links.CLIENT, one.event.email) for one in self.open if one.event.email]
        with transaction(self.shop.engine) as tx:
            found = crm_links.find_all(tx, self._connected.account_id, self._connected.kommo_id, wanted)
        return [Stored(*link) for link in found]

    def hold(self) -> None:
        """Hold all leases still open. Raises Lost."""
        self._held = time.monotonic()
        with transaction(self.shop.engine) as tx:
            for leased in self.open:
                leases.hold(tx, leased)


def bring_many(shop: Workshop, taken: Sequence[Leased], ready: Ready, live: Live) -> None:
    """Bring promises of one account to Kommo, and write down how each ended. Raises Lost, and then settles no more.

    None of them may have an attempt behind it whose end is unclear. What turns out to be about the same person, lead
    or company as another one is given back, for a later batch.
    """
    with transaction(shop.engine) as tx:
        connected = connections.find(tx, taken[0].account_id)
        if connected is None:
            raise Lost("The connection is gone.")
    batch = Batch(shop, taken, connected)
    courses = _planned(batch, ready, live)
    if batch.open:
        _give_back_what_was_switched_off(batch)
    together = apart([course for course in courses if course.errand.leased in batch.open])
    going = {course.errand.leased for course in together}
    batch.give_back(leased for leased in list(batch.open) if leased not in going)
    if together:
        _carry_out(batch, together)


def _planned(batch: Batch, ready: Ready, live: Live) -> list[Course]:
    """Look for each and plan it; where nobody may ask any more, all are given back.

    Each is made ready when it is its turn: the road goes on meanwhile, instead of lying idle between batches.
    """
    courses, waiting = list[Course](), list(batch.open)
    while waiting:
        while live():
            batch.hold()
        errand = ready(waiting[0])
        if not isinstance(errand, KommoErrand):
            batch.settle({waiting.pop(0): errand})
            continue
        batch.begin()
        try:
            book = batch.prepared()
            wish, hours = wished(errand, book)
            plan = planned(batch.desk.kommo, wish, book, hours)
            courses.append(Course(errand, wish, plan, batch.desk.kommo.exchanges))
        except Lost:
            raise
        except Exception as fault:  # noqa: BLE001  # what is wrong with one must not stop the others; `met` tells of it
            if _paused(batch, fault):
                continue
            settled = told(errand, _met(batch, errand, fault), None, batch.desk.kommo.exchanges)
            batch.settle({errand.leased: settled._replace(version=errand.version)})
            if batch.book is None or _stops_all(fault):
                batch.give_back(list(batch.open), getattr(fault, "retry_after", None) or SHORTEST_WAIT)
                return []
        waiting.pop(0)
    return courses


def _paused(batch: Batch, fault: Exception) -> bool:
    """Whether all that is needed is a little patience: giving back what was looked for would cost it all again."""
    is_pause = isinstance(fault, SlowDown) or getattr(fault, "code", "") in SHORT_LIVED
    asked = getattr(fault, "retry_after", None) or SHORTEST_WAIT
    if not is_pause or asked > LONGEST_PATIENCE or not batch.pauses:
        return False
    batch.pauses -= 1
    time.sleep(asked)
    return True


def _met(batch: Batch, errand: KommoErrand, fault: Exception) -> Settled:
    if isinstance(fault, MarcoError):
        return troubled(batch.shop, errand, fault, fresh=batch.fresh)
    return met(errand.leased, fault)


def _stops_all(fault: Exception) -> bool:
    """Whether no other request would fare better: the token is refused, the road is closed, paused or unknown."""
    is_of_road = isinstance(fault, MarcoError) and fault.code.startswith("road_")
    return is_of_road or isinstance(fault, Unauthorized | Banned | SlowDown)


def _give_back_what_was_switched_off(batch: Batch) -> None:
    """Whoever switches an automation off need not wait for the end of a batch."""
    with transaction(batch.shop.engine) as tx:
        account_id = next(iter(batch.open)).account_id
        live = {one.id for one in automations.live(tx, account_id)}
    batch.give_back(leased for leased in list(batch.open) if leased.automation_id not in live)


def apart(courses: Sequence[Course]) -> list[Course]:
    """Those of which no two are about the same person, lead or company: none sees what another makes."""
    taken: set[tuple[str, object]] = set()
    chosen: list[Course] = []
    ties = 0
    for course in courses:
        names = set(_names(course))
        ties_here = sum(isinstance(step, Tie) for step in course.plan.steps)
        if names & taken or (ties_here and ties + ties_here > MOST_TIES and chosen):
            continue
        taken |= names
        ties += ties_here
        chosen.append(course)
    return chosen


def _names(course: Course) -> Iterator[tuple[str, object]]:
    """Everything by which what this plan touches could be what another one touches."""
    plan, person, company = course.plan, course.wish.person, course.wish.company
    yield "lead", course.wish.lead.fingerprint
    yield from ((str(Kind.LEADS), one) for one in (plan.lead_id, *course.wish.lead.same_product) if one is not None)
    yield from ((str(Kind.CONTACTS), one) for one in (plan.contact_id, *plan.also) if one is not None)
    if course.errand.ground.email:
        yield "client", course.errand.ground.email
    if person is not None:
        known = (person.email and person.email.strip().lower(), person.document)
        yield from (("person", one) for one in known if one)
        if person.phone and (phone := phone_key(person.phone, person.country)):
            yield "person", phone
    if company is not None and _touches_company(plan):
        yield "company", company.name.strip().casefold()
        yield "company", plan.company_id


def _touches_company(plan: Plan) -> bool:
    return plan.company_id is None or any(getattr(step, "kind", None) is Kind.COMPANIES for step in plan.steps)


def _carry_out(batch: Batch, courses: Sequence[Course]) -> None:
    with transaction(batch.shop.engine) as tx:
        for leased in batch.open:
            leases.begin_writing(tx, leased)
    batch.begin()
    kommo = batch.desk.kommo
    results = carry_out_many(kommo, [course.plan for course in courses], lambda made: _keep(batch, courses, made))
    for result in results:
        if isinstance(result.error, Lost):
            raise result.error
    _keep(batch, courses, dict(enumerate(result.stored for result in results)))
    ended = {
        course.errand.leased: _ended(batch, course, result)
        for course, result in zip(courses, results, strict=True)
        if not result.merged
    }
    batch.settle(ended)
    # A lead that was there and nobody had looked at: its ids are kept, and the next batch changes it as any other.
    batch.give_back(list(batch.open))


def _keep(batch: Batch, courses: Sequence[Course], made: Mapping[int, Stored]) -> None:
    with transaction(batch.shop.engine) as tx:
        for place, stored in made.items():
            if any(one is not None for one in stored):
                keep_ids(tx, courses[place].errand, courses[place].wish, stored)


def _ended(batch: Batch, course: Course, result: Result) -> Settled:
    if result.error is None:
        settled = Settled("done", lead_id=result.stored.lead_id)
    else:
        settled = troubled(batch.shop, course.errand, result.error, fresh=batch.fresh)
    said = [*course.said, *result.exchanges]
    return told(course.errand, settled, course.plan, said)._replace(version=course.errand.version)
