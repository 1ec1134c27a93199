"""`automation` and `kommo`: listing, trying out, running, sending again; connecting, checking, rotating keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from service import kommo_desk
from service.connectors.kommo.connection import Connection
from service.connectors.limits import Pace
from service.domain.automation.triggers import Trigger
from service.store import accounts, automations
from service.store.engine import transaction
from tests.commands.conftest import Terminal
from tests.kommo.server import FakeKommo
from tests.stories.automating import MAPPING

SALE = "approved --email ana.souza@example.com --at 2026-07-02T09:15 --transaction HP0000000001"


@pytest.fixture
def fake(school: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKommo]:
    """A Kommo that the school is connected to."""
    monkeypatch.setattr(kommo_desk, "PACE", Pace(per_second=10_000))
    engine = school.app.extensions["marco"].engine
    with FakeKommo().running() as running:
        with transaction(engine) as tx:
            account = accounts.named(tx, None)
        there = kommo_desk.connect(
            engine, school.settings, account.id, Connection(running.origin, running.account.token)
        )
        assert there.currency == "BRL"
        yield running
        school.says("kommo", "disconnect")


@pytest.fixture
def automation(school: Terminal, fake: FakeKommo) -> int:
    """One automation that is on; its number."""
    draft = automations.Draft("Venda", Trigger.SALE_APPROVED, {}, "kommo", MAPPING, "always_new")
    with transaction(school.app.extensions["marco"].engine) as tx:
        account = accounts.named(tx, None)
        made = automations.create(tx, account.id, draft, datetime.now(UTC))
        automations.switch(tx, account.id, made, "on", datetime.now(UTC))
    return made


def test_what_a_sale_would_do_is_shown_then_done_then_listed(
    school: Terminal, fake: FakeKommo, automation: int
) -> None:
    school.post(*SALE.split())
    school.says("replay", "--since", "2000-01-01", "--yes")
    shown = school.says("automation", "test", str(automation), "--event", "HP0000000001")
    assert "Lead: new" in shown
    assert "ana.souza@example.com" in shown
    assert fake.writes() == []
    assert "Attempts made: 1." in school.says("automation", "run")
    assert len(fake.account.all("leads")) == 1
    (told,) = json.loads(school.says("automation", "list", "--json"))
    assert told["promises"]["done"] == 1
    assert "Venda" in school.says("automation", "list")
    assert "Tried again: 0." in school.says("automation", "resend", "--all")
    assert "There is no such promise" in school.complains("automation", "resend", "999")
    school.complains("automation", "resend", code=2)


def test_a_check_says_whose_account_it_is_and_what_is_missing(school: Terminal, fake: FakeKommo) -> None:
    said = school.says("kommo", "check")
    assert "Curso Exemplo" in said
    assert "Transação Hotmart" not in said
    fake.account.fields["leads"].clear()
    assert "Transação Hotmart" in school.says("kommo", "check")


def test_keys_are_rotated_and_a_strange_address_never_gets_the_token(school: Terminal, fake: FakeKommo) -> None:
    assert "Tokens sealed anew: 1." in school.says("kommo", "rotate-keys")
    school.says("kommo", "check")
    said = school.complains("kommo", "connect", "evil.example.com", "--token", "a-secret-token-of-nobody")
    assert "a-secret-token-of-nobody" not in said


def test_without_a_connection_the_way_to_one_is_told(school: Terminal) -> None:
    assert "kommo connect" in school.complains("kommo", "check")
