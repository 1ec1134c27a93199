"""One account of Kommo over HTTP. Nothing here is sent twice by itself: who calls decides, by the error's class."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from service.connectors.http import Answer, Query, Wire
from service.connectors.kommo import reading
from service.connectors.kommo.answers import Banned, SlowDown, fault_of
from service.connectors.kommo.batches import Body, Outcome, write_all
from service.connectors.kommo.connection import Connection
from service.connectors.kommo.shapes import (
    Account,
    Company,
    Contact,
    Field,
    Hook,
    Kind,
    Lead,
    Link,
    Note,
    Pipeline,
    User,
)
from service.connectors.limits import Gate, State
from service.errors import NotFound, Unauthorized, Unavailable, Unconfirmed

log = logging.getLogger(__name__)

PAGE = 250
FEW = 50
T = TypeVar("T")
SEES = {Kind.LEADS: "contacts", Kind.CONTACTS: "leads", Kind.COMPANIES: "leads"}
"""What is asked for along with each kind (`with`)."""


class Kommo:
    """One account, for one process; threads may share it. `urgent` False lets live traffic go first.

    Every call raises by what to do next: Refused and Unprocessable stop; Unavailable waits (`retry_after`, where
    somebody said how long); Unconfirmed, of writes only, looks before it sends again.
    """

    def __init__(self, connection: Connection, gate: Gate, *, urgent: bool = True, **seconds: float) -> None:
        self._wire = Wire(connection.origin, {"Authorization": f"Bearer {connection.token}"}, **seconds)
        self._gate, self._urgent = gate, urgent

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()

    # Reading.

    def account(self) -> Account:
        """Who this is: the test of a connection, and the id hooks must name."""
        return _read(reading.account, self._get("account", (("with", "is_api_filter_enabled"),)))

    def pipelines(self) -> tuple[Pipeline, ...]:
        """All pipelines with their stages."""
        found = self._get("leads/pipelines") or {"_embedded": {"pipelines": []}}
        return tuple(_read(reading.pipeline, one) for one in found["_embedded"]["pipelines"])

    def users(self) -> tuple[User, ...]:
        """Everybody who works in the account."""
        return tuple(_read(reading.user, one) for one in self._all("users", "users"))

    def fields(self, kind: Kind) -> tuple[Field, ...]:
        """The custom fields of a kind."""
        return tuple(_read(reading.field, one) for one in self._all(f"{kind}/custom_fields", "custom_fields"))

    def lead(self, lead_id: int) -> Lead | None:
        """One lead with its contacts; None where there is none, or only in the bin."""
        found = _maybe(reading.lead, self._one(Kind.LEADS, lead_id))
        return None if found is None or found.is_deleted else found

    def contact(self, contact_id: int) -> Contact | None:
        """One contact with its leads; None where there is none, or only in the bin."""
        found = _maybe(reading.contact, self._one(Kind.CONTACTS, contact_id))
        return None if found is None or found.is_deleted else found

    def company(self, company_id: int) -> Company | None:
        """One company; None where there is none, or only in the bin."""
        found = _maybe(reading.company, self._one(Kind.COMPANIES, company_id))
        return None if found is None or found.is_deleted else found

    def leads(self, query: Query = (), *, pages: int = 5, limit: int = FEW) -> Iterator[Lead]:
        """Leads of a list, at most so many pages. `query` as the reference 8.1 has it."""
        asked = (("with", SEES[Kind.LEADS]), *query)
        return (_read(reading.lead, one) for one in self._all("leads", "leads", asked, pages=pages, limit=limit))

    def contacts(self, query: Query = (), *, pages: int = 5, limit: int = FEW) -> Iterator[Contact]:
        """Contacts of a list, at most so many pages."""
        asked = (("with", SEES[Kind.CONTACTS]), *query)
        return (
            _read(reading.contact, one) for one in self._all("contacts", "contacts", asked, pages=pages, limit=limit)
        )

    def companies(self, query: Query = (), *, pages: int = 5, limit: int = FEW) -> Iterator[Company]:
        """Companies of a list, at most so many pages."""
        found = self._all("companies", "companies", query, pages=pages, limit=limit)
        return (_read(reading.company, one) for one in found)

    def leads_changed_since(self, moment: datetime, *, pages: int = 1000) -> Iterator[Lead]:
        """Every lead changed since then, the oldest change first: finds stage changes no hook told."""
        since = str(int(moment.timestamp()))
        return self.leads((("filter[updated_at][from]", since), ("order[updated_at]", "asc")), pages=pages, limit=PAGE)

    def links(self, kind: Kind, entity_id: int) -> tuple[Link, ...]:
        """What a thing is tied to."""
        found = self._get(f"{kind}/{entity_id}/links") or {"_embedded": {"links": []}}
        return tuple(_read(reading.link, one) for one in found["_embedded"]["links"])

    def notes(self, kind: Kind, entity_id: int, note_type: str) -> tuple[Note, ...]:
        """The notes of one type on a thing."""
        asked = (("filter[note_type][]", note_type),)
        return tuple(_read(reading.note, one) for one in self._all(f"{kind}/{entity_id}/notes", "notes", asked))

    def hooks(self, destination: str) -> tuple[Hook, ...]:
        """Subscriptions of this address."""
        found = self._get("webhooks", (("filter[destination]", destination),)) or {"_embedded": {"webhooks": []}}
        hooks = [_read(reading.hook, one) for one in found["_embedded"]["webhooks"]]
        return tuple(hook for hook in hooks if hook.destination == destination)

    # Writing.

    def create(self, kind: Kind, bodies: Sequence[Body]) -> list[Outcome]:
        """Make new things, in batches; what became of each."""
        return write_all(lambda batch: self._write("POST", kind, batch, kind), bodies, may_repeat=False)

    def create_together(self, bodies: Sequence[Body]) -> list[Outcome]:
        """Make leads with a new contact and company each (`/leads/complex`), in batches."""
        return write_all(lambda batch: self._write("POST", "leads/complex", batch, None), bodies, may_repeat=False)

    def change_many(self, kind: Kind, bodies: Sequence[Body]) -> list[Outcome]:
        """Change things, each body with its `id` and only what changes; values are absolute, so repeating is safe."""
        return write_all(lambda batch: self._write("PATCH", kind, batch, kind), bodies, may_repeat=True)

    def change(self, kind: Kind, entity_id: int, body: Body) -> None:
        """Change one thing, only what changes."""
        self._send("PATCH", f"{kind}/{entity_id}", body=body)

    def add_notes(self, kind: Kind, bodies: Sequence[Body]) -> list[Outcome]:
        """Put notes on cards; each body has its `entity_id`."""
        return write_all(lambda batch: self._write("POST", f"{kind}/notes", batch, "notes"), bodies, may_repeat=False)

    def link(self, kind: Kind, entity_id: int, to: Link) -> None:
        """Tie one thing to another. Kommo answers 500 where they are tied already: Unconfirmed, so look."""
        metadata = {"metadata": {"is_main": True}} if to.is_main else {}
        body = [{"to_entity_id": to.to_id, "to_entity_type": to.to_kind, **metadata}]
        self._send("POST", f"{kind}/{entity_id}/link", body=body)

    def unlink(self, kind: Kind, entity_id: int, to: Link) -> None:
        """Untie them."""
        self._send(
            "POST", f"{kind}/{entity_id}/unlink", body=[{"to_entity_id": to.to_id, "to_entity_type": to.to_kind}]
        )

    def add_field(self, kind: Kind, name: str, type_: str) -> None:
        """Make a custom field. Only a token of an administrator may (reference 6.1); Refused otherwise."""
        self._send("POST", f"{kind}/custom_fields", body=[{"name": name, "type": type_}])

    def subscribe(self, destination: str, codes: Sequence[str]) -> None:
        """Have these events told to an address."""
        self._send("POST", "webhooks", body={"destination": destination, "settings": list(codes)})

    def unsubscribe(self, destination: str) -> None:
        """Have no more told to an address."""
        self._send("DELETE", "webhooks", body={"destination": destination})

    # The wire.

    def _get(self, path: str, query: Query = ()) -> Any:
        """The body of an answer, None for 204."""
        return self._send("GET", path, query=query).content

    def _one(self, kind: Kind, entity_id: int) -> Any:
        """One thing, None where there is none: a 204 mostly, on some routes a 404."""
        try:
            return self._get(f"{kind}/{entity_id}", (("with", SEES[kind]),))
        except NotFound:
            return None

    def _all(self, path: str, name: str, query: Query = (), *, pages: int = 100, limit: int = PAGE) -> Iterator[Any]:
        """Everything of a list, page after page, until there is no next one or `pages` were read."""
        for page in range(1, pages + 1):
            found = self._get(path, (*query, ("limit", str(limit)), ("page", str(page))))
            if found is None:
                return
            yield from _read(lambda said: said["_embedded"][name], found)
            if "next" not in (found.get("_links") or {}):
                return

    def _write(self, method: str, path: str, batch: list[Body], name: str | None) -> list[Mapping[str, Any]]:
        """The answers of an array; ids only, whatever was written (reference 3)."""
        content = self._send(method, path, body=batch).content
        try:
            return list(content if name is None else content["_embedded"][name])
        except (KeyError, TypeError) as fault:
            raise Unconfirmed("Kommo took it, but its answer cannot be read", code="kommo_unreadable") from fault

    def _send(self, method: str, path: str, *, query: Query = (), body: Any = None) -> Answer:
        if self._gate.enter(urgent=self._urgent) is State.PROBE and (method, path) != ("GET", "account"):
            self._once("GET", "account")
            self._gate.enter(urgent=self._urgent)
        return self._once(method, path, query=query, body=body)

    def _once(self, method: str, path: str, *, query: Query = (), body: Any = None) -> Answer:
        answer = self._wire.send(method, f"/api/v4/{path}", query=query, body=body)
        log.debug("Kommo %s %s: %s (%s)", method, path, answer.status, answer.request_id)
        fault = fault_of(method, answer)
        if isinstance(fault, SlowDown):
            fault.retry_after = round(self._gate.slow_down(fault.retry_after or 0.0)) or 1
        elif isinstance(fault, Banned):
            fault.retry_after = round(self._gate.close()) or 1
        elif answer.status < 500:
            self._gate.went_well()
        if fault is not None:
            raise fault
        return answer


def _maybe(read: Callable[[Any], T], said: Any) -> T | None:
    return None if said is None else _read(read, said)


def _read(read: Callable[[Any], T], said: Any) -> T:
    try:
        return read(said)
    except (KeyError, TypeError, ValueError) as fault:
        # Only its kind: the words of such an error may quote a person's values.
        message = f"Kommo's answer is not as we know it ({type(fault).__name__})"
        raise Unavailable(message, code="kommo_unreadable") from None


def check(kommo: Kommo) -> Account:
    """The connection test: the account, or an error whose message a person can use."""
    try:
        return kommo.account()
    except Unauthorized as refused:
        said = "Kommo does not accept this token: it may be expired, revoked, or of another account"
        raise Unauthorized(said, code=refused.code, facts=refused.facts) from refused
