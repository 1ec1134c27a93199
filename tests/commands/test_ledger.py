"""`clients`, `journey`, `ledger` and `replay`: reading what arrived, proving it, and working it again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from service.store.engine import transaction
from tests.commands.conftest import Terminal

EVERYTHING = ("replay", "--since", "2000-01-01")


def rows(school: Terminal, statement: str) -> list[Any]:
    with transaction(school.app.extensions["marco"].engine) as tx:
        result = tx.execute(text(statement))
        return list(result) if result.returns_rows else []


@pytest.fixture
def told(school: Terminal) -> Terminal:
    """A school whose inbox was emptied and which heard two stories, worked off."""
    for table in "facts purchases milestones mentions clients client_revenue subscriptions products".split():
        rows(school, f"DELETE FROM {table}")
    rows(school, "DELETE FROM deliveries")
    school.post(*"approved --email ana.souza@example.com --at 2026-07-02T09:15 --product 4100001".split())
    school.post(*"complete --email ana.souza@example.com --at 2026-07-10T09:15 --product 4100001".split())
    school.post(*"refused --email bruno@example.com --at 2026-07-03T09:15 --price 97.00 --currency USD".split())
    school.says(*EVERYTHING, "--yes")
    return school


def test_clients_are_listed_with_their_money_by_currency_and_category(told):
    said = told.says("clients")
    ana = next(line for line in said.splitlines() if "ana.souza@example.com" in line)
    bruno = next(line for line in said.splitlines() if "bruno@example.com" in line)
    assert "Ana Souza" in ana
    assert ana.split("BRL 297.00")[0].count("USD") == 0
    assert "2026-07-10 09:15" in ana
    assert "USD 97.00" in bruno
    assert "1 to 2 of 2 clients of 'School'; times of America/Sao_Paulo." in said


def test_clients_are_found_by_part_of_a_name(told):
    said = told.says("clients", "--q", "souza")
    assert "ana.souza@example.com" in said
    assert "bruno@example.com" not in said
    assert "No clients found" in told.says("clients", "--q", "nobody at all")


def test_a_journey_tells_purchases_and_milestones_in_local_time_oldest_first(told):
    said = told.says("journey", "Ana.Souza@example.com")
    assert "Ana Souza  <ana.souza@example.com>" in said
    assert "BRL 297.00" in said
    assert said.index(" approved ") < said.rindex(" complete ")
    assert "2026-07-02 09:14" in said  # the order, six seconds before the event
    assert "Times of America/Sao_Paulo." in said


def test_a_journey_of_nobody_says_how_to_look(told):
    assert "clients --q" in told.complains("journey", "nobody@example.com")


def test_verify_says_that_the_ledger_is_the_fold_of_its_facts(told):
    assert "School: 2 stories folded, every row as it was." in told.says("ledger", "verify")
    assert "School: 2 stories" in told.says("ledger", "verify", "--account", "School")


def test_verify_names_what_differs_and_changes_nothing(told):
    rows(told, "UPDATE purchases SET gross_value = 1 WHERE email = 'bruno@example.com'")
    for _ in range(2):
        said = told.complains("ledger", "verify")
        assert "different rows: purchases 2" in said
        assert "ledger rebuild" in said
    assert rows(told, "SELECT gross_value::text FROM purchases WHERE email = 'bruno@example.com'") == [("1",)]


def test_rebuild_mends_the_ledger_and_then_changes_nothing(told):
    rows(told, "UPDATE clients SET name = 'Somebody' WHERE email = 'bruno@example.com'")
    assert "different rows: clients 2" in told.says("ledger", "rebuild")
    assert "every row as it was" in told.says("ledger", "rebuild")
    assert "every row as it was" in told.says("ledger", "verify")


def test_a_replay_of_what_is_understood_changes_nothing(told):
    said = told.says(*EVERYTHING, "--dry-run")
    assert "3 postbacks of 'School': 3 done now." in said
    assert "Would change: 0 purchases; 0 milestones more, 0 less." in said


def test_a_dry_run_shows_before_and_after_and_changes_nothing(told):
    # As if an older translator had read the price wrongly.
    rows(
        told,
        """UPDATE facts SET fields = jsonb_set(fields::jsonb, '{gross}', '["1.00", "USD"]')::json
        WHERE email = 'bruno@example.com'""",
    )
    told.says("ledger", "rebuild")
    said = told.says(*EVERYTHING, "--event", "PURCHASE_CANCELED", "--dry-run")
    assert "gross_value: 1.00 → 97.00" in said
    assert "Would change: 1 purchase;" in said
    assert "USD 1.00" in told.says("clients")


def test_a_replay_asks_and_then_replaces_the_facts(told):
    rows(
        told,
        """UPDATE facts SET fields = jsonb_set(fields::jsonb, '{gross}', '["1.00", "USD"]')::json
        WHERE email = 'bruno@example.com'""",
    )
    told.says("ledger", "rebuild")
    (number,) = rows(told, "SELECT id FROM deliveries WHERE event = 'PURCHASE_CANCELED'")
    told.complains("replay", str(number.id), input="n\n")
    assert "USD 1.00" in told.says("clients")
    assert "1 done" in told.says("replay", str(number.id), input="y\n")
    assert "USD 97.00" in told.says("clients")
    assert "every row as it was" in told.says("ledger", "verify")


def test_what_was_set_aside_is_found_by_its_state_and_worked_again(told):
    rows(told, "UPDATE deliveries SET state = 'set_aside', reason = 'crashed' WHERE event = 'PURCHASE_COMPLETE'")
    said = told.says(*EVERYTHING, "--state", "set_aside", "--yes")
    assert "1 postback of 'School': 1 set aside now." in said
    assert "Afterwards: 1 done." in said
    assert "No postback matches" in told.says(*EVERYTHING, "--state", "set_aside", "--yes")


def test_a_period_ends_before_its_end(told):
    rows(told, "UPDATE deliveries SET received_at = '2026-07-02T12:15:00Z' WHERE event = 'PURCHASE_APPROVED'")
    period = ("replay", "--since", "2026-07-02T09:00", "--dry-run", "--until")
    assert "1 postback" in told.says(*period, "2026-07-02T09:16")
    assert "No postback matches" in told.says(*period, "2026-07-02T09:15")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "Say which"),
        (["1", "--since", "2026-07-02"], 2, "Say which"),
        (["999999999"], 1, "'School' has no delivery 999999999"),
        (["--since", "then"], 1, "'then' is no time"),
    ],
)
def test_a_replay_that_cannot_be_is_refused_with_a_reason(told, words, code, said):
    assert said in told.complains("replay", *words, code=code)


def test_a_withdrawn_or_purged_postback_is_not_replayed(told):
    (number,) = rows(told, "UPDATE deliveries SET body = NULL WHERE event = 'PURCHASE_COMPLETE' RETURNING id")
    assert "its body is purged" in told.complains("replay", str(number.id))
    assert "2 postbacks" in told.says(*EVERYTHING, "--dry-run")
