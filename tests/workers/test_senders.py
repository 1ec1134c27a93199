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
        pass
    assert (senders.done, left, under_way) == (20, [], [0, MOST])
    assert not senders.busy()


def test_without_work_one_thread_looks_and_goes():
    looks = list[str]()

    def take() -> Any:
        looks.append(threading.current_thread().name)

    with Senders(take, lambda _: None) as senders:
        pass
    assert (senders.done, len(looks)) == (0, 1)


def test_what_a_sender_raises_is_raised_to_whoever_asks_for_the_sum():
    def take() -> Any:
        raise ConnectionError

    with Senders(take, lambda _: None) as senders:
        pass
    with pytest.raises(ConnectionError):
        _ = senders.done
