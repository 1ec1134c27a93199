"""Kommo's hooks, from their forms to facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from service.domain.facts import Certainty
from service.domain.stages import Pair, Stand
from service.sources import kommo, postback
from service.sources.brackets import NotAForm, branch, unfold
from service.sources.telling import Kept

ARRIVED = datetime.fromtimestamp(1795001300, UTC)
MOVED = datetime.fromtimestamp(1795001234, UTC)
EXAMPLE = {
    "leads[status][0][id]": "9001001",
    "leads[status][0][name]": "",
    "leads[status][0][status_id]": "142",
    "leads[status][0][old_status_id]": "61000010",
    "leads[status][0][pipeline_id]": "7700100",
    "leads[status][0][old_pipeline_id]": "7700100",
    "leads[status][0][price]": "197",
    "leads[status][0][price_with_minor_units]": "197.9",
    "leads[status][0][responsible_user_id]": "11220001",
    "leads[status][0][modified_user_id]": "0",
    "leads[status][0][last_modified]": "1795001234",
    "leads[status][0][created_at]": "1794990000",
    "leads[status][0][updated_at]": "1795001234",
    "leads[status][0][account_id]": "30112233",
    "leads[status][0][custom_fields][0][id]": "880101",
    "leads[status][0][custom_fields][0][name]": "Transacao",
    "leads[status][0][custom_fields][0][values][0][value]": "HP0000000001",
    "account[subdomain]": "cursoexemplo",
    "account[id]": "30112233",
    "account[_links][self]": "https://cursoexemplo.kommo.com",
}
"""The example of the reference, 13."""


def a_hook(**changes: str | None) -> bytes:
    """The example with some fields of its lead changed, or taken out."""
    fields = EXAMPLE | {f"leads[status][0][{name}]": value for name, value in changes.items()}
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def kept_with(owners: dict[int, str]) -> Kept:
    return Kept(7, "kommo", ARRIVED, ZoneInfo("America/Sao_Paulo"), "producer", owners)


ANA = kept_with({9001001: "ana@example.com"})


def test_a_hook_says_where_its_lead_came_from_went_to_and_when():
    (fact,) = postback.translate(a_hook(), ANA).facts
    assert (fact.kind, fact.subject, fact.said, fact.email) == ("lead", "l:9001001", "lead_status", "ana@example.com")
    assert (fact.occurred_at, fact.as_of, fact.certainty) == (MOVED, MOVED, Certainty.KNOWN)
    assert (fact.fields["pipeline_id"], fact.fields["stage_id"]) == (7700100, 142)
    assert (fact.fields["old_pipeline_id"], fact.fields["old_stage_id"]) == (7700100, 61000010)


def test_a_hook_carries_the_fields_automations_show_of_a_lead():
    (fact,) = postback.translate(a_hook(name="Curso - Ana"), ANA).facts
    assert fact.fields["lead"] == {
        "id": "9001001",
        "name": "Curso - Ana",
        "price": ["197.90", None],
        "is_deleted": False,
        "created_at": "2026-11-18T08:20:00+00:00",
        "updated_at": "2026-11-18T11:27:14+00:00",
        "pipeline": "7700100",
        "stage": "142",
        "previous_stage": "61000010",
    }


def test_where_no_old_pipeline_is_told_the_lead_stayed_in_its_own():
    (fact,) = postback.translate(a_hook(old_pipeline_id=None), ANA).facts
    assert fact.fields["old_pipeline_id"] == 7700100


def test_the_older_name_of_the_moment_is_read_too():
    (fact,) = postback.translate(a_hook(updated_at=None), ANA).facts
    assert fact.occurred_at == MOVED


def test_a_moment_that_cannot_be_is_a_guess():
    late = str(int((ARRIVED + timedelta(days=400)).timestamp()))
    (fact,) = postback.translate(a_hook(updated_at=late), ANA).facts
    assert (fact.as_of, fact.certainty) == (ARRIVED, Certainty.GUESSED)


def test_a_lead_nobody_knows_is_waited_for_and_names_what_may_find_its_client():
    telling = postback.translate(a_hook(), kept_with({}))
    assert (telling.facts, telling.state, telling.reason) == ([], "kept", "lead_unknown")
    assert telling.waits_for == [9001001]
    assert kommo.named(a_hook()) == [(9001001, 30112233, ("HP0000000001",))]


def test_of_two_leads_in_one_hook_the_known_one_speaks_and_the_other_is_waited_for():
    second = {name.replace("[status][0]", "[status][1]"): value for name, value in EXAMPLE.items()}
    both = EXAMPLE | second | {"leads[status][1][id]": "9001002"}
    telling = postback.translate(urlencode(both).encode(), ANA)
    assert [fact.subject for fact in telling.facts] == ["l:9001001"]
    assert (telling.state, telling.waits_for) == ("done", [9001002])


def test_a_lead_told_of_twice_in_one_hook_is_told_by_the_later_one_and_noted():
    added = {"leads[add][0][id]": "9001001", "leads[add][0][pipeline_id]": "7700100", "leads[add][0][status_id]": "1"}
    body = urlencode(EXAMPLE | added | {"leads[add][0][updated_at]": "1795000000"}).encode()
    telling = postback.translate(body, ANA)
    assert [fact.said for fact in telling.facts] == ["lead_status"]
    assert "lead" in telling.notes


@pytest.mark.parametrize("missing", ["status_id", "pipeline_id"])
def test_a_change_without_a_stage_is_set_aside(missing):
    telling = postback.translate(a_hook(**{missing: None}), ANA)
    assert (telling.state, telling.reason) == ("set_aside", "data_missing")


@pytest.mark.parametrize(
    "body",
    [
        b"leads[delete][0][id]=9001001&account[id]=30112233",
        b"leads[note][0][note][text]=Oi",
        b"contacts[add][0][id]=5&contacts[add][0][type]=company",
        b"unsorted[delete][0][action]=accept",
        b"leads=1",
        b"leads[status]=2",
        b"leads[status][0]=3",
        b"leads[status][0][id]=-3",
        b"leads[status][0][id]=99999999999999999999999",
        b"leads[status][0][id][deeper]=1",
    ],
)
def test_what_says_nothing_of_a_stage_is_kept(body):
    telling = postback.translate(body, ANA)
    assert (telling.state, telling.reason, telling.facts) == ("kept", "unknown_event", [])


@pytest.mark.parametrize("price", ["", "x", "NaN", "1e999999", "Infinity"])
def test_a_price_that_is_none_is_left_out(price):
    (fact,) = postback.translate(a_hook(price=price, price_with_minor_units=price), ANA).facts
    assert "price" not in fact.fields["lead"]


def test_the_same_hook_has_the_same_key_and_any_other_another():
    first = kommo.open_hook(a_hook())
    assert first == kommo.open_hook(a_hook())
    assert first.event == "lead_status"
    reordered = b"&".join(reversed(a_hook().split(b"&")))
    assert kommo.open_hook(reordered) == first
    assert kommo.open_hook(a_hook(updated_at="1795001235")).key != first.key


def test_what_looking_found_reads_like_a_hook_that_announces_nothing():
    stand = Stand(9001001, Pair(7700100, 142), MOVED, MOVED, "Curso & Ana", "197.90")
    body = kommo.body_of(30112233, stand)
    (fact,) = postback.translate(body, ANA).facts
    assert (fact.said, fact.occurred_at, fact.fields["stage_id"]) == ("found", MOVED, 142)
    assert "old_stage_id" not in fact.fields
    assert fact.fields["lead"]["name"] == "Curso & Ana"
    assert kommo.open_hook(body).event == "lead_found"
    assert kommo.named(body)[0][:2] == (9001001, 30112233)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"just words",
        b"\xff\xfe=1",
        b"a=%FF",
        b"a%00b=1",
        b"a[" * 20 + b"]=1",
        b"&".join(b"a[]=1" for _ in range(10_001)),
    ],
    ids=lambda body: body[:12],
)
def test_what_is_no_form_or_too_large_a_one_is_told_apart(body):
    with pytest.raises(NotAForm):
        unfold(body)


def test_brackets_are_read_as_php_reads_them():
    assert unfold(b"a[]=1&a[]=2&b[x][0]=3&b[x][0]=4&c=5&c[d]=6") == {
        "a": {"0": "1", "1": "2"},
        "b": {"x": {"0": "4"}},
        "c": {"d": "6"},
    }
    assert branch({"a": {"b": "text"}}, "a", "b") == {}
