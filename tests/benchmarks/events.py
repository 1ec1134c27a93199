"""What is posted and drained: one event with a hole for its number, and the mixed traffic of a shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import orjson

from service.samples import BOLETO, PIX, an_event
from service.samples.cast import CLUB, COURSE, MENTORING, WORKBOOK
from tests.benchmarks.house import HOTTOK

NUMBER = b"@@@@@@@@@@@@"
"""Twelve characters that a load generator replaces by twelve digits of its own, in three places."""
FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def request_template(account_key: str) -> bytes:
    """A whole HTTP request: an approved purchase. With every number it is another event, sale and buyer."""
    event = an_event("PURCHASE_APPROVED", email=f"buyer.{NUMBER.decode()}@example.com", payment=PIX)
    event["id"] = f"00000000-0000-4000-8000-{NUMBER.decode()}"
    event["data"]["purchase"]["transaction"] = f"HP1{NUMBER.decode()}"
    body = orjson.dumps(event)
    head = (
        f"POST /webhooks/hotmart/{account_key} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-HOTMART-HOTTOK: {HOTTOK}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


STORIES: tuple[tuple[tuple[str, float], ...], ...] = (
    (("PURCHASE_APPROVED", 0), ("PURCHASE_COMPLETE", 8)),
    (("PURCHASE_BILLET_PRINTED", 0), ("PURCHASE_APPROVED", 0.05), ("PURCHASE_COMPLETE", 8)),
    (("PURCHASE_OUT_OF_SHOPPING_CART", 0), ("PURCHASE_CANCELED", 0.01), ("PURCHASE_APPROVED", 0.02)),
    (("PURCHASE_APPROVED", 0), ("CLUB_FIRST_ACCESS", 0.01), ("PURCHASE_COMPLETE", 8)),
    (("PURCHASE_BILLET_PRINTED", 0), ("PURCHASE_EXPIRED", 3)),
    (("PURCHASE_APPROVED", 0), ("PURCHASE_PROTEST", 5), ("PURCHASE_REFUNDED", 6)),
    (("PURCHASE_APPROVED", 0), ("PURCHASE_COMPLETE", 8), ("PURCHASE_CHARGEBACK", 32)),
)
"""(event, days after the story begins): what sales of a Hotmart shop go through, the usual ones first."""
SHARES = (0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 4, 4, 5, 6)
"""How often each story is told, in turns."""


def traffic(events: int) -> list[dict[str, Any]]:
    """So many events of a busy shop, in the order they happened; a quarter of the buyers come back."""
    begun = (event for sale in count() for event in _story(sale))
    return sorted(islice(begun, events), key=lambda event: int(event.get("creation_date") or event["creationDate"]))


def _story(sale: int) -> Iterator[dict[str, Any]]:
    buyer = sale if sale % 4 else sale // 2
    product = (COURSE, WORKBOOK, CLUB, COURSE, MENTORING)[sale % 5]
    begins = FIRST_DAY + timedelta(minutes=3 * sale)
    payment = (PIX, "CREDIT_CARD", BOLETO, "CREDIT_CARD")[sale % 4]
    for event, days in STORIES[SHARES[sale % len(SHARES)]]:
        email, moment = f"buyer.{buyer}@example.com", begins + days * DAY
        yield an_event(event, email=email, product=product, payment=payment, at=moment, ordered_at=begins, seed=sale)
