"""Secrets at rest: sealed, opened under old keys, sealed anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.errors import Misconfigured
from service.settings import Settings
from service.store import connections
from service.store.connections import Opening
from service.store.vault import vault_of
from tests.living import House

FIRST, SECOND = "the first key of the tests", "the second key of the tests"


def keys(settings: Settings, *written: str) -> Settings:
    return replace(settings, secrets_keys=", ".join(written))


def test_a_secret_is_not_to_be_read_without_its_key(settings: Settings) -> None:
    sealed = vault_of(keys(settings, FIRST)).seal("a token")
    assert b"a token" not in sealed
    with pytest.raises(Misconfigured, match="SECRETS_KEYS"):
        vault_of(keys(settings, SECOND)).open(sealed)


def test_old_keys_open_and_the_newest_seals(settings: Settings) -> None:
    sealed = vault_of(settings).seal("a token")
    both = vault_of(keys(settings, SECOND, FIRST))
    assert both.open(sealed) == both.open(vault_of(keys(settings, FIRST)).seal("a token")) == "a token"
    assert vault_of(keys(settings, SECOND)).open(both.reseal(sealed)) == "a token"


def test_a_kept_token_is_sealed_and_can_be_rotated(house: House, settings: Settings) -> None:
    opening = Opening("https://cursoexemplo.kommo.com", "token-of-the-tests", None, 1)
    with house.shop.engine.connect() as tx:
        connections.connect(tx, house.account.id, opening, vault_of(settings), datetime.now(UTC))
        kept = connections.find(tx, house.account.id)
        assert kept is not None
        assert "token-of-the-tests" not in f"{kept!r} {opening!r} {bytes(kept.token)!r}"
        assert connections.rotate(tx, vault_of(keys(settings, FIRST))) >= 1
        anew = connections.find(tx, house.account.id)
        assert anew is not None
        assert anew.token != kept.token
        assert vault_of(keys(settings, FIRST)).open(anew.token) == "token-of-the-tests"
        connections.disconnect(tx, house.account.id)
        gone = connections.find(tx, house.account.id)
        assert gone is not None
        assert (gone.state, bytes(gone.token)) == ("disconnected", b"")
        tx.rollback()  # what other tests keep stays readable to them
