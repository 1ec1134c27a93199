"""Rows that belong together, packed into chunks."""

from __future__ import annotations

import tracemalloc
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from service.sources.sheet.groups import Groups


def chunks(*rows: list[int], most: int = 300) -> list[int]:
    groups = Groups()
    for keys in rows:
        groups.add(keys)
    return list(groups.chunks(most))


def test_rows_without_anything_in_common_fill_chunk_after_chunk():
    assert chunks([1], [2], [3], [], [], most=2) == [1, 1, 2, 2, 3]


def test_rows_that_share_a_key_stay_together_even_when_far_apart():
    assert chunks([1], [2], [3], [1, 4], [4], most=2) == [1, 2, 2, 1, 1]


def test_a_row_with_two_keys_joins_two_groups():
    assert chunks([1], [2], [1, 2], [3], most=3) == [1, 1, 1, 2]


def test_a_group_larger_than_a_chunk_is_one_chunk():
    assert chunks([9], *[[1]] * 5, [8], most=3) == [1, 2, 2, 2, 2, 2, 3]


def test_no_rows_have_no_chunks():
    assert chunks() == []


rows_with_keys = st.lists(st.lists(st.integers(0, 25), max_size=2), max_size=60)


@given(rows_with_keys, st.integers(1, 10))
def test_connected_rows_are_never_split_and_no_chunk_is_needlessly_large(rows: list[list[int]], most: int):
    chunk_of = chunks(*rows, most=most)
    for key in range(26):
        assert len({chunk for chunk, keys in zip(chunk_of, rows, strict=True) if key in keys}) <= 1
    assert sorted(set(chunk_of)) == list(range(1, max(chunk_of, default=0) + 1))
    for chunk, size in Counter(chunk_of).items():
        members = [keys for number, keys in zip(chunk_of, rows, strict=True) if number == chunk]
        assert size <= most or is_one_group(members)


def is_one_group(members: list[list[int]]) -> bool:
    reached, waiting = set(members[0]), members[1:]
    while joined := [keys for keys in waiting if reached & set(keys)]:
        reached.update(key for keys in joined for key in keys)
        waiting = [keys for keys in waiting if keys not in joined]
    return not waiting


def test_two_hundred_thousand_rows_are_grouped_in_little_memory():
    tracemalloc.start()
    groups = Groups()
    for row in range(200_000):
        groups.add((hash(f"e{row // 2}"), hash(f"t{row}")))
    chunk_of = groups.chunks()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert chunk_of[-1] == -(-200_000 // 300)
    assert peak < 60 << 20
