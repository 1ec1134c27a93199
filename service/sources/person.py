"""What a person of the account says of its clients: that two addresses are one buyer, or that they are two.

A statement is a delivery like any other, of source `person`: kept first, read by the same pipeline, replayed and
rebuilt from. Its body names addresses, moment and who said it (a user's number, null for the API), nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeGuard

import orjson

from service.domain import identity
from service.domain.facts import Certainty, Fact, Fields, Kind
from service.sources.telling import Kept, Telling, set_aside

SOURCE = "person"
ONE_PERSON, TWO_PEOPLE = "one_person", "two_people"
FIELD_OF = {ONE_PERSON: identity.INTO, TWO_PEOPLE: identity.APART}

Pairs = Sequence[tuple[str, str]]
"""Pairs of e-mails; of one person the first goes by the second from then on."""


def body_of(statement: str, pairs: Pairs, *, by: int | None, now: datetime) -> bytes:
    """A statement as it is kept; `by` is the number of a user."""
    said = {"statement": statement, "pairs": pairs, "by": by, "at": now.astimezone(UTC).isoformat()}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def translate(content: Any, kept: Kept) -> Telling:
    """The facts of one kept statement: one for every address it names."""
    said = content if isinstance(content, dict) else {}
    field, pairs = FIELD_OF.get(said.get("statement", "")), said.get("pairs")
    if field is None or not _are_pairs(pairs) or (field == identity.INTO and len(pairs) > 1):
        return set_aside("data_missing")
    told = identity.told_of_pairs(field, [(one, other) for one, other in pairs])
    return Telling([_fact(kept, said, email, others) for email, others in told.items()])


def _are_pairs(pairs: Any) -> TypeGuard[list[list[str]]]:
    return isinstance(pairs, list) and all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(one, str) and one for one in pair)
        and pair[0] != pair[1]
        for pair in pairs
    )


def _fact(kept: Kept, said: dict[str, Any], email: str, others: Fields) -> Fact:
    moment = min(datetime.fromisoformat(said["at"]), kept.received_at)
    who = {} if said.get("by") is None else {"by": said["by"]}
    return Fact(
        kind=Kind.IDENTITY,
        subject=f"{identity.PREFIX}{email}",
        source=kept.source,
        said=said["statement"],
        as_of=moment,
        certainty=Certainty.KNOWN,
        occurred_at=moment,
        fields={**others, **who},
        delivery_id=kept.delivery_id,
        # The same for all addresses of a statement: of two in one instant either address must hear the same one last.
        digest=blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest(),
    )
