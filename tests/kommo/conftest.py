"""A fake to talk to, with a plain HTTP client: our own is proven against it elsewhere."""

from __future__ import annotations

import httpx2
import pytest

from tests.kommo.server import FakeKommo


@pytest.fixture
def fake():
    with FakeKommo().running() as running:
        yield running


def talk_to(fake: FakeKommo) -> httpx2.Client:
    bearer = {"Authorization": f"Bearer {fake.account.token}"}
    return httpx2.Client(base_url=f"{fake.origin}/api/v4/", headers=bearer, timeout=5.0, trust_env=False)


@pytest.fixture
def kommo(fake):
    with talk_to(fake) as client:
        yield client


def created(answer: httpx2.Response, kind: str) -> int:
    assert answer.status_code == 200, answer.text
    return answer.json()["_embedded"][kind][0]["id"]
