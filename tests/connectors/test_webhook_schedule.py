"""When a message is tried again, and when an address is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from service.connectors.webhook.schedule import FEWEST_FAILURES, PAUSES, Failing, Standing, next_attempt, standing

NOON = datetime(2026, 7, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def attempts_from(start: datetime) -> list[datetime]:
    """The moments of all attempts, each taking no time."""
    moments: list[datetime] = []
    due = next_attempt(0, start)
    while due is not None:
        moments.append(due)
        due = next_attempt(len(moments), due)
    return moments


def test_the_first_attempt_is_at_once_and_the_last_more_than_a_day_later():
    moments = attempts_from(NOON)
    assert moments[0] == NOON
    assert [later - earlier for earlier, later in pairwise(moments)] == list(PAUSES[1:])
    assert DAY < moments[-1] - NOON < 2 * DAY


def test_a_receiver_may_ask_for_more_time_but_not_for_less_and_not_for_ever():
    assert next_attempt(1, NOON, retry_after=60) == NOON + timedelta(minutes=1)
    assert next_attempt(2, NOON, retry_after=1) == NOON + PAUSES[2]
    assert next_attempt(1, NOON, retry_after=10**7) == NOON + timedelta(hours=10)
    assert next_attempt(1, NOON, retry_after=-5) == NOON + PAUSES[1]


def test_what_was_tried_often_enough_is_over_whatever_the_receiver_asks_for():
    assert next_attempt(len(PAUSES), NOON, retry_after=60) is None


def test_an_address_that_fails_for_days_is_disabled_and_told_about_after_one():
    failing = Failing(NOON, FEWEST_FAILURES)
    assert standing(None, NOON) is Standing.WELL
    assert standing(failing, NOON + DAY - timedelta(seconds=1)) is Standing.WELL
    assert standing(failing, NOON + DAY) is Standing.FAILING
    assert standing(failing, NOON + 5 * DAY - timedelta(seconds=1)) is Standing.FAILING
    assert standing(failing, NOON + 5 * DAY) is Standing.DISABLED


def test_few_failures_far_apart_disable_nothing():
    assert standing(Failing(NOON, FEWEST_FAILURES - 1), NOON + 30 * DAY) is Standing.FAILING


def test_one_message_that_failed_to_its_end_is_enough_to_disable_an_address_once_days_have_passed():
    moments = attempts_from(NOON)
    assert standing(Failing(moments[0], len(moments)), NOON + 5 * DAY) is Standing.DISABLED
