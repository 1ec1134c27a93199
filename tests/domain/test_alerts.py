"""What is worth saying: at which moment, in which order, and what is not said twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.alerts import LEVELS, Alert, Kind, Level, Receiver, Signs, alerts_of, days_left

NOW = datetime(2026, 7, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CALM = Signs(connection="connected", hook="well")


def kinds(signs: Signs) -> list[Kind]:
    return [one.kind for one in alerts_of(signs, NOW, ("well", "missing"))]


def test_every_kind_has_a_level():
    assert set(LEVELS) == set(Kind)


def test_where_all_is_well_nothing_is_said():
    assert kinds(CALM) == []
    assert kinds(Signs()) == []


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (14 * DAY, []),
        (14 * DAY - timedelta(seconds=1), [Kind.TOKEN_ENDS]),
        (timedelta(0), [Kind.TOKEN_ENDS]),
        (timedelta(seconds=-1), [Kind.TOKEN_ENDED]),
    ],
)
def test_the_end_of_a_token_is_told_from_fourteen_days_before(left, said):
    assert kinds(CALM._replace(token_ends=NOW + left)) == said


def test_whole_days_are_left():
    assert [days_left(NOW + left, NOW) for left in (DAY * 2.5, DAY / 2, -DAY / 2)] == [2, 0, -1]


def test_a_token_that_ended_and_is_refused_for_it_is_told_once():
    assert kinds(CALM._replace(connection="refused", token_ends=NOW - DAY)) == [Kind.TOKEN_ENDED]
    assert kinds(CALM._replace(connection="refused", hook="kommo_token_refused")) == [Kind.TOKEN_REFUSED]


def test_promises_are_late_after_a_quarter_of_an_hour():
    late = NOW - timedelta(minutes=15)
    assert kinds(CALM._replace(waits_since=late)) == []
    assert kinds(CALM._replace(waits_since=late - timedelta(seconds=1))) == [Kind.BACKLOG]


def test_history_may_take_a_day():
    assert kinds(CALM._replace(history_since=NOW - DAY)) == []
    late = Signs(waits_since=NOW - timedelta(hours=1), history_since=NOW - 2 * DAY)
    assert [one.since for one in alerts_of(late, NOW)] == [NOW - 2 * DAY]


@pytest.mark.parametrize(
    ("attempts", "failed", "share"), [(19, 19, None), (20, 3, None), (20, 4, 20), (1000, 199, None), (1000, 1000, 100)]
)
def test_failures_are_many_from_one_in_five_of_twenty(attempts, failed, share):
    found = alerts_of(CALM._replace(attempts=attempts, failed=failed), NOW, ("well",))
    assert [one.number for one in found] == ([] if share is None else [share])


def test_a_hook_that_mended_itself_is_no_alert_but_one_that_was_switched_off_is():
    assert kinds(CALM._replace(hook="missing")) == []
    assert kinds(CALM._replace(hook="disabled")) == [Kind.HOOK_DISABLED]
    assert alerts_of(CALM._replace(hook="kommo_unpaid"), NOW, ("well",)) == [
        Alert(Kind.HOOK_TROUBLE, code="kommo_unpaid")
    ]


def test_the_worst_comes_first():
    failing = Receiver("https://example.com/in", "on", NOW - DAY)
    gone = Receiver("https://example.com/gone", "disabled", None)
    signs = CALM._replace(road="road_closed", given_up=3, receivers=(failing, gone), waits_since=NOW - DAY)
    found = alerts_of(signs, NOW, ("well",))
    assert [one.level for one in found] == [Level.BAD, Level.BAD, Level.WARNING, Level.WARNING, Level.WARNING]
    assert [one.kind for one in found][:2] == [Kind.ROAD_CLOSED, Kind.ENDPOINT_DISABLED]
