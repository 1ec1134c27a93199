"""Threads that send: as many as there is work for, never more than eight, and what they raise is heard."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from workers.senders import MOST, Senders


def test_senders_work_side_by_side_up_to_eight_and_all_come_back():
    left, lock, full = list(range(20)), threading.Lock(), threading.Barrier(MOST)
    under_way = [0, 0]

    def take() -> Any:
        with lock:
            return left.pop() if left else None

    def keep(_: Any) -> None:
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
        if under_way[1] <= MOST and len(left) >= 20 - MOST:
            full.wait(timeout=30)
        with lock:
            under_way[0] -= 1

    with Senders(take, keep) as senders:
        while left or senders.busy():
            senders.wait(1)
    assert (senders.done, left, under_way) == (20, [], [0, MOST])
    assert not senders.busy()


def test_what_turns_up_while_another_one_is_slow_is_begun_all_the_same():
    left, came = [1], threading.Event()

    def take() -> Any:
        return left.pop() if left else None

    def keep(one: Any) -> None:
        if one == 1:
            left.append(2)
            assert came.wait(timeout=30)
        came.set()

    with Senders(take, keep) as senders:
        came.wait(timeout=30)
    assert senders.done == 2


def test_without_work_a_thread_looks_and_goes():
    looks = list[str]()

    def take() -> Any:
        looks.append(threading.current_thread().name)

    with Senders(take, lambda _: None) as senders:
        senders.wait(30)
    assert senders.done == 0
    assert looks


def test_what_a_sender_raises_is_raised_to_whoever_asks_for_the_sum():
    def take() -> Any:
        raise ConnectionError

    with Senders(take, lambda _: None) as senders:
        senders.wait(30)
    with pytest.raises(ConnectionError):
        _ = senders.done
