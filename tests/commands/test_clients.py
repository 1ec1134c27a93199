"""`clients duplicates`, `clients merge` and `clients separate`, as people type them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.commands.conftest import Terminal
from tests.commands.test_ledger import rows

ANA, BIA = "ana.lima@example.com", "bia.lima@example.com"


@pytest.fixture
def two(school: Terminal) -> Terminal:
    """Two clients who turn out to have one document."""
    for table in "facts purchases milestones mentions clients client_revenue subscriptions products".split():
        rows(school, f"DELETE FROM {table}")
    for table in ("aliases", "strangers", "deliveries"):
        rows(school, f"DELETE FROM {table}")
    for email, hour in ((ANA, "09"), (BIA, "10")):
        school.post("approved", "--email", email, "--at", f"2026-07-02T{hour}:15")
    school.says("replay", "--since", "2000-01-01", "--yes")
    rows(school, "UPDATE clients SET document = '52998224725'")
    return school


def listed(terminal: Terminal) -> Any:
    return json.loads(terminal.says("clients", "duplicates", "--json"))


def test_possible_duplicates_are_listed_for_people_and_for_scripts(two):
    said = two.says("clients", "duplicates")
    assert ANA in said
    assert "1 group of 'School'." in said
    (group,) = [one for one in listed(two) if one["same"] == "document"]
    assert group["clients"] == [BIA, ANA]


def test_a_merge_shows_both_asks_and_is_taken_back_by_separate(two):
    shown = two.complains("clients", "merge", ANA, BIA, input="n\n")
    assert "together" in shown
    assert BIA in two.says("clients"), "asked and not confirmed, nothing is merged"
    assert f"{BIA} is {ANA} from now on." in two.says("clients", "merge", ANA, BIA, "--yes")
    assert BIA not in two.says("clients", "list")
    assert "No possible duplicates." in two.says("clients", "duplicates")
    assert "one client already" in two.complains("clients", "merge", ANA, BIA, "--yes")
    assert "a client of its own again" in two.says("clients", "separate", BIA, "--yes")
    assert BIA in two.says("clients", "--size", "5")


def test_two_people_are_told_apart_by_e_mail_or_id(two):
    (ana,) = rows(two, f"SELECT id FROM clients WHERE email = '{ANA}'")
    assert "are two people" in two.says("clients", "separate", str(ana.id), BIA)
    assert listed(two) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", ANA, "nobody@example.com", "--yes"), "has no client nobody@example.com"),
        (("merge", ANA, ANA, "--yes"), "one client already"),
        (("separate", ANA, "--yes"), "was not merged"),
        (("separate", "nobody@example.com"), "has no client"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(two, words, said):
    assert said in two.complains("clients", *words)


def test_help_names_every_word(two):
    said = two.says("clients", "--help")
    assert all(word in said for word in ("list", "duplicates", "merge", "separate"))
