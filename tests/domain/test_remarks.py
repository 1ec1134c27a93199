"""Notes and tags in the spelling that is kept; the order of a journey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import journey, timeline
from service.domain.remarks import folded, note_text, tag_names, too_long


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Ligar amanhã.\r\n\r\nÀs 9h\r", "Ligar amanhã.\n\nÀs 9h"),
        ("a\x00b\x07c\u202ed", "abcd"),
        ("Ca\u0301rla", "Cárla"),
        (" \n\t ", ""),
        ("👩‍👩‍👧 família", "👩‍👩‍👧 família"),
    ],
)
def test_a_note_is_kept_without_what_nobody_sees(written, kept):
    assert note_text(written) == kept


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("VIP", ["VIP"]),
        (" vip ,  #Aluna   2026;VIP\nquente", ["vip", "Aluna 2026", "quente"]),
        (",;\n #", []),
        ("Straße, STRASSE", ["Straße"]),
        ("avó, avô", ["avó", "avô"]),
        ("a\x00b", ["a b"]),
    ],
)
def test_a_line_of_tags_is_taken_apart_and_each_is_there_once(written, names):
    assert tag_names(written) == names


def test_case_and_width_do_not_make_two_tags():
    assert folded("\uff36\uff29\uff30 Gold") == folded("vip  gold") == "vip gold"


def test_a_tag_is_measured_as_spelled_and_as_folded():
    assert too_long(["a" * 40, "b" * 41, "ﷺ" * 20]) == ["b" * 41, "ﷺ" * 20]


@given(st.text())
def test_what_was_kept_once_is_kept_as_it_is(written):
    assert note_text(note_text(written)) == note_text(written)
    names = tag_names(written)
    assert tag_names(",".join(names)) == names
    assert len({folded(name) for name in names}) == len(names)


def test_the_order_of_a_journey_knows_every_kind_once():
    assert sorted(timeline.ORDER) == sorted(journey.KINDS)
    assert set(timeline.ATTEMPTS) | set(timeline.SALES) <= journey.KINDS
    assert not set(timeline.ATTEMPTS) & set(timeline.SALES)
