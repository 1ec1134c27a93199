"""The digest of a fact: what it says, whoever said it and whenever."""

from __future__ import annotations

from hashlib import blake2b

import orjson

from service.domain.facts import Fact


def sealed(fact: Fact) -> Fact:
    """The same fact with its digest: 16 bytes, the same for the same content, ready to be kept.

    Neither the moment it speaks for nor the delivery is part of it.
    """
    said = (
        fact.kind,
        fact.subject,
        fact.source,
        fact.said,
        fact.email,
        fact.status,
        fact.occurred_at,
        fact.fields,
    )
    digest = blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
    object.__setattr__(fact, "digest", digest)
    return fact
