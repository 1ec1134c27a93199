"""What a translator answers, and the small steps all translators share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from service.domain.facts import Certainty, Fact, Fields, Kind
from service.domain.money import amount_text
from service.domain.statuses import Status
from service.sources import contact
from service.sources.seal import sealed

LONGEST_NAME = 120
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a translator may know of a delivery besides its body."""

    delivery_id: int
    source: str
    received_at: datetime
    zone: ZoneInfo
    role: str
    """Whose webhook this is: `producer`, `coproducer` or `affiliate`; decides which commission is ours."""
    owners: Mapping[int, str] = field(default_factory=dict)
    """The e-mail of the client of each CRM lead that is known."""


@dataclass(slots=True)
class Telling:
    """The facts of one delivery, or why there are none.

    `state` is the state the delivery ends in: `done`, `kept` (understood to be none of our business),
    `test` (a test event of Hotmart's panel) or `set_aside` (a person must look; `reason` says why).
    `notes` name optional fields that could not be read. `waits_for` are CRM leads whose client is not known yet.
    """

    facts: list[Fact] = field(default_factory=list)
    state: str = "done"
    reason: str | None = None
    notes: dict[str, str] = field(default_factory=dict)
    waits_for: list[int] = field(default_factory=list)


def set_aside(reason: str, notes: dict[str, str] | None = None) -> Telling:
    """A telling that waits for a person."""
    return Telling(state="set_aside", reason=reason, notes=notes or {})


def moment_of(created_at: datetime | None, received_at: datetime) -> tuple[datetime, Certainty]:
    """(as_of, certainty): the event's own creation time; a guess where there is none, or one that cannot be.

    A little after the arrival means that two clocks differ; taking the arrival instead would let the order
    of two deliveries decide between their events.
    """
    if created_at is None or created_at - received_at > CLOCKS_DIFFER:
        return received_at, Certainty.GUESSED
    return created_at, Certainty.KNOWN


def fact_of(
    kept: Kept,
    kind: Kind,
    subject: str,
    said: str,
    *,
    created_at: datetime | None,
    occurred_at: datetime | None,
    email: str | None,
    fields: dict[str, Any],
    status: Status | None = None,
) -> Fact:
    """One sealed fact of a postback."""
    as_of, certainty = moment_of(created_at, kept.received_at)
    return sealed(
        Fact(
            kind=kind,
            subject=subject,
            source=kept.source,
            said=said,
            as_of=as_of,
            certainty=certainty,
            occurred_at=occurred_at or as_of,
            fields=plain(fields),
            email=email,
            status=status,
            delivery_id=kept.delivery_id,
        )
    )


def plain(values: dict[str, Any]) -> Fields:
    """Values as a fact keeps them: JSON, absent where there is none."""
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


def price(value: Decimal | None, currency: str | None) -> list[str | None] | None:
    """An amount as a fact keeps it, `["97.00", "BRL"]`; None where there is no amount."""
    if value is None:
        return None
    code = currency.upper() if currency else None
    return [amount_text(value), code if code and len(code) == 3 and code.isalpha() else None]


def buyer(values: dict[str, Any], notes: dict[str, str]) -> tuple[str | None, dict[str, Any]]:
    """(e-mail, contact fields) from what an event says of a person; takes them out of `values`.

    A value that is no such thing is kept as text and noted, never dropped in silence.
    """
    written, phone, area = (values.pop(name, None) for name in ("email", "phone", "phone_area"))
    email = contact.email_of(written) if written else None
    if written and email is None:
        notes["email"] = "is not an e-mail address"
    country = values.pop("country", None)
    said = {
        "email_text": written if written and written != email else None,
        "country": contact.country_of(country) if country else None,
        "phone": contact.phone_of(phone, area, country or values.get("checkout_country")) if phone else None,
        "phone_text": f"{area} {phone}" if phone and area and not phone.startswith(area) else phone,
        "document": contact.document_of(values.pop("document", None)),
    }
    return email, said


def product_of(values: dict[str, Any]) -> str:
    """What tells one product from another: its id, else its name."""
    return str(values.get("product_id") or values.get("product_name") or "")[:LONGEST_NAME]
