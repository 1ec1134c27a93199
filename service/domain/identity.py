"""Which e-mails are one person: what people said of pairs of addresses, and what that adds up to.

A statement is about two addresses and is told to both, so each folds its own rows from its own facts; the newest
statement about a pair decides. See docs/decisions/0018-one-person-two-addresses.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from service.domain.facts import Fact, Fields
from service.domain.ledger import Alias, Stranger

PREFIX = "i:"
"""Begins the subject of a fact about one address: `i:<e-mail>`."""
INTO, ABSORBS, APART = "into", "absorbs", "apart"
"""The fields of such a fact, each naming other addresses: this one goes by that one now, those go by this one, those
are somebody else."""

SHORTEST_TELLING = 8
"""Digits a document or telephone must have to suggest that two clients are one person."""
ROWS_OF_KEYS = ("01234567890123456789", "98765432109876543210")


def of_address(ranked: Sequence[Fact]) -> tuple[tuple[Alias, ...], tuple[Stranger, ...]]:
    """What all statements about one address, in rising rank, make of it: whose it is, and whose it is not.

    A newer statement about the same two takes back an older one, whichever way round that was.
    """
    email, apart = ranked[0].subject.removeprefix(PREFIX), set[str]()
    alias: Alias | None = None
    for fact in ranked:
        others = {other for field in (INTO, ABSORBS, APART) for other in fact.fields.get(field, ())}
        apart = (apart - others) | set(fact.fields.get(APART, ()))
        if alias is not None and alias.into_email in others:
            alias = None
        for other in fact.fields.get(INTO, ()):
            alias = Alias(email, other, fact.as_of.isoformat(), fact.delivery_id)
    return (alias,) if alias is not None else (), tuple(Stranger(email, other) for other in sorted(apart))


def resolved(into: Mapping[str, str]) -> dict[str, str]:
    """Address to the one its client is known by, for every address of `into` (whose it is said to be).

    Chains are followed to their end. A ring (three people saying at once that a is b, b is c and c is a) has no
    end: all of it is one client, known by the first address in alphabetical order.
    """
    found: dict[str, str] = {}
    for email in into:
        path = [email]
        while path[-1] in into and path[-1] not in found and path[-1] not in path[:-1]:
            path.append(into[path[-1]])
        last = path[-1]
        ring = path[path.index(last) : -1]
        end = found.get(last) or (min(ring) if ring else last)
        found |= {one: end for one in path if one in into}
    return found


def bonds(into: Mapping[str, str], email: str) -> list[tuple[str, str]]:
    """The pairs to be told apart for an address to leave its client: its own bond, and the one that closes a ring.

    Addresses that had joined it before stay with it.
    """
    path = [email]
    while path[-1] in into and path[-1] not in path[:-1]:
        path.append(into[path[-1]])
    if len(path) == 1:
        return []
    return [(email, path[1]), *([(path[-2], email)] if path[-1] == email else [])]


def group_of(into: Mapping[str, str], client_email: str) -> list[str]:
    """All addresses of the client known by `client_email`, that one first."""
    others = sorted(email for email, end in resolved(into).items() if end == client_email and email != client_email)
    return [client_email, *others]


def tells(text: str | None) -> bool:
    """Whether a document or telephone can tell two people apart: long enough, and not typed to fill a field."""
    digits = "".join(sign for sign in text or "" if sign.isdigit())
    filled = len(set(digits[-SHORTEST_TELLING:])) == 1 or any(digits[-SHORTEST_TELLING:] in row for row in ROWS_OF_KEYS)
    return len(digits) >= SHORTEST_TELLING and not filled


def told_of_pairs(field: str, pairs: Iterable[tuple[str, str]]) -> dict[str, Fields]:
    """What each address hears of a statement about pairs, as the fields of its fact."""
    back, told = {INTO: ABSORBS, APART: APART}[field], defaultdict[str, Fields](dict)
    for one, other in pairs:
        told[one].setdefault(field, []).append(other)
        told[other].setdefault(back, []).append(one)
    return dict(told)
