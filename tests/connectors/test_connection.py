"""Where an account is, and when its token ends."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.connectors.kommo.connection import connection_to, expires_at, host_of, warning_due
from service.errors import Unprocessable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_token(**claims: object) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJ0eXAiOiJKV1QifQ.{middle}.sig"


@pytest.mark.parametrize(
    "typed",
    [
        "cursoexemplo",
        " CursoExemplo.kommo.com ",
        "https://cursoexemplo.kommo.com/leads/pipeline/1",
        "cursoexemplo.kommo.com/",
    ],
)
def test_an_account_is_found_however_its_address_is_typed(typed):
    assert host_of(typed) == "cursoexemplo.kommo.com"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "www.kommo.com",
        "kommo.com",
        "cursoexemplo.kommo.com.evil.example",
        "evil.example/cursoexemplo.kommo.com",
        "https://cursoexemplo.kommo.com@evil.example/",
        "evil.example#.kommo.com",
        "a.b.kommo.com",
        "127.0.0.1",
        "http://[::1",
        "cursoexemplo.kommo.com:8443",
        "çurso.kommo.com",
    ],
)
def test_a_token_goes_to_no_other_house(typed):
    with pytest.raises(Unprocessable) as raised:
        connection_to(typed, "a-token")
    assert raised.value.code == "bad_address"


def test_a_pasted_token_loses_its_line_breaks_and_shows_in_no_repr():
    connection = connection_to("cursoexemplo.amocrm.com", " abc\n def ")
    assert (connection.origin, connection.token) == ("https://cursoexemplo.amocrm.com", "abcdef")
    assert "abc" not in repr(connection)
    for odd in (" \n", "abc\0def", "abc\x1bdef", "abcé"):
        with pytest.raises(Unprocessable):
            connection_to("cursoexemplo", odd)


def test_the_end_of_a_token_is_read_without_verifying_it():
    assert expires_at(a_token(exp=int(NOW.timestamp()))) == NOW
    for odd in ("", "a.b", "a.b.c", a_token(), a_token(exp="soon"), a_token(exp=10**40), "é.é.é"):
        assert expires_at(odd) is None


@pytest.mark.parametrize(("days", "warned"), [(31, None), (29, 30), (6.5, 7), (0.5, 1), (0, 0), (-3, 0)])
def test_a_token_that_ends_warns_thirty_seven_and_one_day_before(days, warned):
    assert warning_due(NOW + timedelta(days=days), NOW) == warned
