"""The overview: figures that are true, money that is never mixed, and what there is to worry about."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from service.store import heartbeats
from service.store.engine import transaction
from service.store.panel import Arrivals
from service.web.pages.overview import health_of
from tests.living import House, payload
from tests.web.visitors import a_member

NOW = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
CALM = Arrivals(3, 9, NOW - timedelta(hours=1), "PURCHASE_APPROVED", "done", None, 0)


def sold_now(number: int, value: str, currency: str, hours: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    at = int((datetime.now(UTC) - timedelta(hours=hours)).timestamp() * 1000)
    body |= {"id": f"sold-{number}", "creation_date": at}
    purchase = body["data"]["purchase"]
    price = {"value": float(value), "currency_value": currency}
    purchase |= {"transaction": f"HP{number:010}", "order_date": at, "approved_date": at, "price": price}
    purchase |= {"full_price": price, "original_offer_price": price}
    return body


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).replace("\xa0", " ").split())


def test_an_empty_account_says_what_to_do_next(house: House):
    page = a_member(house.app, house.account).reads(f"/a/{house.account.key}/")
    assert "Nada chegou ainda" in page
    assert f'href="/a/{house.account.key}/connect"' in page


def test_every_currency_has_its_own_sum(house: House):
    house.receives(
        sold_now(1, "1000.50", "BRL"),
        sold_now(2, "234.00", "BRL"),
        sold_now(3, "10", "USD"),
        sold_now(4, "7", "BRL", 240),
    )
    told = words_of(a_member(house.app, house.account).reads(f"/a/{house.account.key}/"))
    assert "R$ 1.241,50 3 vendas" in told
    assert "US$ 10,00 1 venda" in told
    assert "7 dias R$ 1.234,50" in told
    assert "1.251,50" not in told


def test_what_was_given_back_is_not_sold(house: House):
    refunded = sold_now(1, "50", "BRL") | {"event": "PURCHASE_REFUNDED"}
    house.receives(refunded)
    told = words_of(a_member(house.app, house.account).reads(f"/a/{house.account.key}/"))
    assert "Nenhuma venda aprovada" in told


def test_what_was_set_aside_is_counted_and_linked(house: House):
    house.receives({"id": "x", "event": "PURCHASE_APPROVED", "creation_date": 1747773619843, "data": {"purchase": {}}})
    with transaction(house.shop.engine) as tx:
        heartbeats.beat(tx, "realtime@here:1")
    page = a_member(house.app, house.account).reads(f"/a/{house.account.key}/")
    assert "Algo espera por você" in page
    assert f"/a/{house.account.key}/events?state=set_aside&amp;source=all" in page
    assert "1 eventos hoje 1 eventos em 7 dias" in words_of(page)


def test_the_dot_is_good_when_events_arrive_and_workers_live():
    assert health_of(CALM, {"realtime", "bulk"}, NOW).level == "good"


def test_the_worst_is_told_first():
    waiting = CALM._replace(waiting_since=NOW - timedelta(minutes=5), set_aside=2)
    assert health_of(waiting, set(), NOW).level == "bad"
    assert str(health_of(waiting, {"realtime"}, NOW).says) != str(
        health_of(CALM._replace(set_aside=2), {"realtime"}, NOW).says
    )
    assert health_of(CALM._replace(set_aside=2), {"realtime"}, NOW).level == "warning"
    assert health_of(CALM._replace(last_at=NOW - timedelta(days=5)), {"realtime"}, NOW).level == "quiet"
    assert health_of(CALM._replace(last_at=None), {"realtime"}, NOW).level == "quiet"
