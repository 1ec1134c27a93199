"""Create or update a lead when answers get lost: look before sending again, and keep what was made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.connectors.kommo.answers import Rejected
from service.connectors.kommo.looking import Why, look
from service.connectors.kommo.planning import Alter, Make, MakeTogether, plan
from service.connectors.kommo.shapes import Kind, Link
from service.connectors.kommo.stages import Move
from service.connectors.kommo.upsert import carry_out
from service.connectors.kommo.wishes import NoteWish, Stored
from service.errors import Unavailable, Unconfirmed, Unprocessable
from tests.connectors.conftest import SALE, WISH, Desk, a_contact, a_lead, client_of
from tests.kommo.faults import Fault, When

NOTE = NoteWish("Compra aprovada, R$ 197,90, Pix.", "[HP0000000001/PURCHASE_APPROVED]")


def since_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def lost_then_found(desk, *, since: datetime):
    """A first attempt whose end nobody heard, and a second that looks before it sends."""
    with pytest.raises(Unconfirmed):
        desk.brings(WISH)
    return desk.brings(WISH._replace(unclear_since=since))


@pytest.mark.parametrize("status", [0, 500, 502, 504])
def test_a_create_whose_answer_was_lost_is_adopted_although_the_search_does_not_know_it_yet(desk, status):
    desk.fake.account.index_delay = 60
    desk.fake.faults.plan(Fault(status, "POST", "complex", When.AFTER))
    done = lost_then_found(desk, since=since_now())
    assert len(desk.leads()) == len(desk.contacts()) == 1
    assert (done.stored.lead_id, done.stored.contact_id) == (desk.leads()[0]["id"], desk.contacts()[0]["id"])
    assert desk.fake.writes() == [("POST", "leads/complex")]


def test_a_create_that_hung_until_we_left_is_adopted(desk):
    kommo = client_of(desk.fake, total=1.0)
    impatient = Desk(desk.fake, kommo)
    desk.fake.faults.plan(Fault(0, "POST", "complex", When.AFTER, hang=2.0))
    done = lost_then_found(impatient, since=since_now())
    assert done.plan.lead_why is Why.FINGERPRINT
    assert len(desk.leads()) == 1


def test_a_create_that_was_never_done_is_sent_again(desk):
    desk.fake.faults.plan(Fault(502, "POST", "complex"))
    lost_then_found(desk, since=since_now())
    assert len(desk.leads()) == len(desk.contacts()) == 1


def test_a_contact_whose_answer_was_lost_is_adopted(desk):
    desk.fake.account.index_delay = 60
    lead = a_lead(desk)
    desk.fake.faults.plan(Fault(0, "POST", "contacts$", When.AFTER))
    since, wish = since_now(), WISH._replace(stored=Stored(lead))
    with pytest.raises(Unconfirmed):
        desk.brings(wish)
    done = desk.brings(wish._replace(unclear_since=since))
    assert len(desk.contacts()) == 1
    assert [one.id for one in desk.kommo.lead(lead).contacts] == [done.stored.contact_id]


def test_what_was_made_is_kept_although_the_next_step_fails(desk):
    a_contact(desk, "Ana", "+5531987654321")
    desk.fake.faults.plan(Fault(503, "POST", "notes"))
    with pytest.raises(Unconfirmed):
        desk.brings(WISH._replace(lead=SALE._replace(note=NOTE)))
    (lead,) = desk.leads()
    assert desk.kept[-1].lead_id == lead["id"]
    desk.brings(WISH._replace(lead=SALE._replace(note=NOTE), stored=desk.kept[-1]))
    assert len(desk.leads()) == len(desk.fake.account.notes) == 1


def test_a_note_whose_answer_was_lost_is_not_written_twice(desk):
    wish = WISH._replace(lead=SALE._replace(note=NOTE))
    desk.fake.faults.plan(Fault(0, "POST", "notes", When.AFTER))
    with pytest.raises(Unconfirmed):
        desk.brings(wish)
    desk.brings(wish._replace(stored=desk.kept[-1]))
    (note,) = desk.fake.account.notes
    assert note["params"]["text"] == f"{NOTE.text} {NOTE.marker}"
    assert note["triggers"] is False


def test_a_second_note_of_another_kind_is_written(desk):
    first = desk.brings(WISH._replace(lead=SALE._replace(note=NOTE)))
    plain = NOTE._replace(marker="[HP0000000001/PURCHASE_REFUNDED]", service=None)
    desk.brings(WISH._replace(lead=SALE._replace(note=plain), stored=first.stored))
    assert [note["note_type"] for note in desk.fake.account.notes] == ["service_message", "common"]


@pytest.mark.parametrize("when", When)
def test_a_link_whose_answer_was_a_500_is_looked_at_before_it_is_believed(desk, when):
    known = a_contact(desk, "Ana", email="ana.lima@example.com")
    lead = a_lead(desk)
    desk.fake.faults.plan(Fault(500, "POST", "link", when))
    wish = WISH._replace(stored=Stored(lead))
    if when is When.BEFORE:
        with pytest.raises(Unconfirmed):
            desk.brings(wish)
    desk.brings(wish)
    assert [one.id for one in desk.kommo.lead(lead).contacts] == [known]
    assert len(desk.fake.sent("POST", "/link")) == (2 if when is When.BEFORE else 1)


def test_what_somebody_tied_since_we_looked_is_not_tied_again(desk):
    known = a_contact(desk, "Ana", email="ana.lima@example.com")
    lead = a_lead(desk)
    wish = WISH._replace(stored=Stored(lead))
    planned = plan(wish, look(desk.kommo, wish), desk.book)
    desk.kommo.link(Kind.LEADS, lead, Link(known, "contacts", is_main=True))
    desk.fake.seen.clear()
    carry_out(desk.kommo, planned, desk.kept.append)
    assert desk.fake.sent("POST", "/link") == []


def test_without_a_field_for_the_fingerprint_an_unclear_create_asks_a_person(desk):
    nameless = WISH._replace(lead=SALE._replace(fingerprint_field=None))
    desk.brings(nameless)
    with pytest.raises(Unprocessable) as raised:
        desk.brings(nameless._replace(unclear_since=since_now()))
    assert raised.value.code == "kommo_unrecognizable"
    assert len(desk.leads()) == 1


def test_a_crowd_of_hits_is_reported_and_not_guessed_through(desk):
    desk.kommo.create("leads", [{"name": f"sobre HP0000000001, {number}"} for number in range(250)])
    with pytest.raises(Unprocessable) as raised:
        desk.brings(WISH)
    assert raised.value.code == "kommo_crowd"
    assert desk.contacts() == []


def test_a_stage_that_was_deleted_since_is_refused_with_its_field(desk):
    desk.fake.account.pipelines[0]["_embedded"]["statuses"].pop(1)
    with pytest.raises(Rejected, match="status_id"):
        desk.brings(WISH)
    assert desk.leads() == []
    fresh = Desk(desk.fake, desk.kommo).brings(WISH)  # with the stages read anew
    assert fresh.plan.move is Move.NO_SUCH_STAGE


def test_steps_are_what_a_test_run_can_show(desk):
    planned = plan(WISH, look(desk.kommo, WISH), desk.book)
    (step,) = planned.steps
    assert isinstance(step, MakeTogether)
    contact = a_contact(desk, "Ana", email="ana.lima@example.com")
    steps = plan(WISH, look(desk.kommo, WISH), desk.book).steps
    assert [type(one) for one in steps] == [Alter, Make]
    assert steps[0].id == contact


def test_a_banned_address_stops_a_run_before_it_writes(desk):
    desk.fake.faults.plan(Fault(403, "GET"))
    with pytest.raises(Unavailable):
        desk.brings(WISH)
    with pytest.raises(Unavailable):
        desk.brings(WISH)
    assert desk.fake.writes() == []
    assert len(desk.fake.seen) == 1
