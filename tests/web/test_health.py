"""Whether the house says truly how it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.app import create_app
from service.settings import Settings
from service.store import heartbeats
from service.store.engine import transaction
from tests.living import House, payload


def test_the_process_answers(house: House) -> None:
    assert house.client.get("/healthz").get_json() == {"status": "ok"}


def test_it_is_ready_when_every_worker_beats_and_names_those_that_do_not(house: House) -> None:
    with transaction(house.shop.engine) as tx:
        for lane in ("realtime", "bulk"):
            heartbeats.beat(tx, f"{lane}@here:1")
    answer = house.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["workers"] == "no heartbeat from: files, deliver"
    with transaction(house.shop.engine) as tx:
        heartbeats.beat(tx, "files@here:1")
        heartbeats.beat(tx, "deliver@here:1")
    answer = house.client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}, "database"),
        ({"redis_url": "redis://127.0.0.1:1/0"}, "redis"),
    ],
)
def test_what_is_away_is_named(settings: Settings, changes: dict[str, str], part: str) -> None:
    client = create_app(replace(settings, **changes)).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"][part].startswith("away")


def test_the_figures_count_what_the_door_and_the_workers_did(house: House) -> None:
    house.receives(payload("v2-PURCHASE_APPROVED.real-pix.json"))
    house.posts(b"{}", token="wrong")
    figures = house.client.get("/metrics").get_data(as_text=True)
    assert 'marco_deliveries_received_total{result="accepted",source="hotmart"}' in figures
    assert 'marco_deliveries_refused_total{code="unauthorized"}' in figures
    assert 'marco_worked_total{what="postbacks_drained"}' in figures
    assert 'marco_oldest_open_seconds{lane="realtime"}' in figures


def test_the_figures_ask_for_their_token(settings: Settings) -> None:
    client = create_app(replace(settings, metrics_token="figures-please")).test_client()
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer figures-please"}).status_code == 200
