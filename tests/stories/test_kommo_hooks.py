"""From Kommo's hooks to a client's journey: the right client, repeats, order, leads known late, hooks lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.connectors.kommo.shapes import Lead
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.triggers import Subject, SubjectKind, Trigger
from service.domain.roles import Role
from service.sources import kommo
from service.store import inbox, lead_owners
from service.store.engine import transaction
from service.store.inbox import Arrival
from service.store.knowledge import Event, known_of
from tests.living import House, payload
from tests.sources.test_kommo import MOVED, a_hook
from tests.stories.automating import automate, outbox
from tests.web.visitors import a_member
from workers.reconciling import reconcile

APPROVED = "v2-PURCHASE_APPROVED.real-pix.json"
KOMMO, PIPELINE, LEAD = 30112233, 7700100, 9001001
LATER = MOVED + timedelta(minutes=10)


@pytest.fixture
def email(house: House) -> str:
    """A client of the house, whose lead nobody knows yet."""
    house.receives(payload(APPROVED))
    return str(house.rows("SELECT email FROM purchases WHERE account_id = :account")[0].email)


def linked(house: House, email: str, lead_id: int = LEAD) -> None:
    house.rows_changed(
        "INSERT INTO crm_links (account_id, kommo_id, kind, key, lead_id, email, linked_at)"
        " VALUES (:account, :kommo, 'lead', :key, :lead, :email, now())",
        kommo=KOMMO, key=str(lead_id), lead=lead_id, email=email,
    )  # fmt: skip


def arrives(house: House, *bodies: bytes) -> list[str]:
    """Hooks come in, are kept and worked off; what each was."""
    answers = []
    for body in bodies:
        opened, now = kommo.open_hook(body), datetime.now(UTC)
        arrival = Arrival(house.account.id, kommo.SOURCE, opened.key, opened.event, opened.digest, body, now)
        answers += (house.app.extensions["marco"].keeper.keep(arrival),)
    house.drain()
    return answers


def moved(stage: int, seconds: int, *, old: int, **changes: str | None) -> bytes:
    moment = str(int(MOVED.timestamp()) + seconds)
    said = {"updated_at": moment, "last_modified": moment, "status_id": str(stage), "old_status_id": str(old)}
    return a_hook(**{**said, **changes})


def reached(house: House) -> list[tuple[str, str]]:
    rows = house.rows(
        "SELECT m.key, c.email FROM milestones m JOIN clients c ON c.account_id = m.account_id AND c.id = m.client_id"
        " WHERE m.account_id = :account AND m.kind = 'lead_stage_reached' ORDER BY m.occurred_at, m.key"
    )
    return [(row.key, row.email) for row in rows]


def states(house: House) -> list[tuple[str, str | None]]:
    rows = house.rows(
        "SELECT state, reason FROM deliveries WHERE account_id = :account AND source = 'kommo' ORDER BY id"
    )
    return [(row.state, row.reason) for row in rows]


def adds_up(house: House) -> None:
    before = house.ledger()
    house.rebuild()
    assert house.ledger() == before


def wakes(house: House) -> int:
    with transaction(house.shop.engine) as tx:
        woken = lead_owners.wake(tx)
    house.drain()
    return woken


def test_a_stage_a_lead_reached_stands_on_its_clients_journey(house, email):
    linked(house, email)
    arrives(house, a_hook())
    assert reached(house) == [(f"{LEAD}|{PIPELINE}:142|1", email)]
    assert house.milestones_of(email)[-1] == "lead_stage_reached"
    assert states(house) == [("done", None)]
    adds_up(house)


def test_repeated_and_reordered_hooks_change_nothing(house, another_house, email):
    hooks = [moved(2, 0, old=1), moved(3, 60, old=2), moved(2, 120, old=3), moved(142, 180, old=2)]
    another_house.receives(payload(APPROVED))
    for one in (house, another_house):
        linked(one, email)
    arrives(house, *hooks)
    assert arrives(another_house, *hooks[::-1], *hooks)[4:] == ["duplicate"] * 4
    assert [key for key, _ in reached(house)] == [f"{LEAD}|{PIPELINE}:{at}" for at in ("2|1", "3|1", "2|2", "142|1")]
    assert house.ledger()["milestones"] == another_house.ledger()["milestones"]
    adds_up(another_house)


def test_a_lead_nobody_knows_is_kept_and_read_once_it_is_linked(house, email):
    arrives(house, a_hook(), moved(3, 60, old=142))
    assert states(house) == [("kept", "lead_unknown")] * 2
    assert reached(house) == []
    assert wakes(house) == 0
    linked(house, email)
    assert wakes(house) == 2
    assert states(house) == [("done", None)] * 2
    assert [who for _, who in reached(house)] == [email, email]
    assert wakes(house) == 0
    adds_up(house)


def test_a_lead_that_names_a_transaction_of_ours_belongs_to_its_buyer_also_when_the_sale_comes_later(house):
    field = {"custom_fields][0][values][0][value": "HP9100000137"}
    arrives(house, a_hook(**field))
    assert states(house) == [("kept", "lead_unknown")]
    house.receives(payload(APPROVED))
    assert wakes(house) == 1
    (buyer,) = house.rows("SELECT email FROM purchases WHERE account_id = :account")
    assert [who for _, who in reached(house)] == [buyer.email]
    arrives(house, moved(3, 60, old=142, **field))
    assert [who for _, who in reached(house)] == [buyer.email, buyer.email]


def test_of_two_leads_in_one_hook_the_unknown_one_is_read_later_and_the_known_one_once(house, email):
    linked(house, email)
    other = a_hook().replace(b"status%5D%5B0%5D", b"status%5D%5B1%5D").replace(b"9001001", b"9001002")
    arrives(house, a_hook() + b"&" + other)
    assert len(reached(house)) == 1
    linked(house, email, 9001002)
    assert wakes(house) == 1
    assert [key.split("|")[0] for key, _ in reached(house)] == ["9001001", "9001002"]
    adds_up(house)


def test_a_lead_of_another_kommo_account_is_nobodys(house, email):
    linked(house, email)
    arrives(house, a_hook().replace(b"account%5Bid%5D=30112233", b"account%5Bid%5D=99"))
    assert states(house) == [("kept", "lead_unknown")]


def test_hooks_of_one_account_touch_no_other(house, another_house, email):
    linked(another_house, email)
    arrives(house, a_hook())
    assert reached(house) == reached(another_house) == []


def a_lead(stage: int, at: datetime, **more: Any) -> Lead:
    usual = {"id": LEAD, "name": "Curso", "price": None, "has_minor_units": False, "pipeline_id": PIPELINE}
    empty: dict[str, Any] = {"filled": (), "tags": (), "contacts": (), "companies": ()}
    who = {"responsible_user_id": 0, "updated_by": 0, "is_deleted": False}
    return Lead(**{**usual, **empty, **who, "stage_id": stage, "created_at": MOVED, "updated_at": at, **more})


def looks(house: House, *leads: Lead) -> int:
    with transaction(house.shop.engine) as tx:
        found = reconcile(tx, house.account.id, KOMMO, leads, datetime.now(UTC))
    house.drain()
    return found


def test_a_lost_hook_is_found_once(house, email):
    linked(house, email)
    arrives(house, moved(2, 0, old=1))
    assert looks(house, a_lead(3, LATER)) == 1
    assert [key for key, _ in reached(house)] == [f"{LEAD}|{PIPELINE}:2|1", f"{LEAD}|{PIPELINE}:3|1"]
    before = house.ledger()
    assert looks(house, a_lead(3, LATER)) == 0
    assert looks(house, a_lead(3, LATER + timedelta(hours=1), name="edited since")) == 0
    assert house.ledger() == before
    adds_up(house)


def test_a_late_hook_of_what_was_found_is_no_second_step_and_tells_the_true_moment(house, email):
    linked(house, email)
    assert looks(house, a_lead(3, LATER)) == 1
    arrives(house, moved(3, 60, old=2))
    assert [key for key, _ in reached(house)] == [f"{LEAD}|{PIPELINE}:3|1"]
    (step,) = house.rows(
        "SELECT occurred_at, approximate FROM milestones WHERE account_id = :account AND kind = 'lead_stage_reached'"
    )
    assert (step.occurred_at, step.approximate) == (MOVED + timedelta(seconds=60), False)
    adds_up(house)


def test_looking_twice_before_anything_is_worked_off_keeps_one_delivery(house, email):
    linked(house, email)
    with transaction(house.shop.engine) as tx:
        first = reconcile(tx, house.account.id, KOMMO, [a_lead(3, LATER)], datetime.now(UTC))
        again = reconcile(tx, house.account.id, KOMMO, [a_lead(3, LATER)], datetime.now(UTC))
    assert (first, again) == (1, 0)


def test_looking_leaves_leads_of_nobody_alone(house, email):
    assert looks(house, a_lead(3, LATER)) == 0
    assert states(house) == []


def test_a_replayed_hook_says_the_same_again(house, email):
    linked(house, email)
    arrives(house, a_hook())
    before = house.ledger()
    ids = [row.id for row in house.rows("SELECT id FROM deliveries WHERE account_id = :account AND source = 'kommo'")]
    with transaction(house.shop.engine) as tx:
        assert inbox.reopen(tx, house.account.id, ids) == 1
    house.drain()
    assert house.ledger() == before


def test_an_automation_hears_of_each_visit_once_with_the_fields_of_the_lead(house, email):
    linked(house, email)
    automate(house, Trigger.LEAD_STAGE_REACHED)
    hook = a_hook(name="Curso - Ana")
    arrives(house, hook, hook)
    assert looks(house, a_lead(142, LATER)) == 0
    subject = f"l:{LEAD}|{PIPELINE}:142|1"
    assert outbox(house) == [("lead_stage_reached", subject, "waiting")]
    about = Subject(SubjectKind.LEAD, str(LEAD))
    happened = Event(Trigger.LEAD_STAGE_REACHED, subject, about, email, None, None, MOVED)
    with transaction(house.shop.engine) as tx:
        known = known_of(tx, house.account, happened)
    assert known is not None
    values = CATALOGUE.read(known)
    assert [str(values[key]) for key in ("lead_id", "lead_name", "lead_stage")] == [str(LEAD), "Curso - Ana", "142"]
    assert {"lead_price", "lead_is_deleted", "lead_created_at", "lead_updated_at"} <= values.keys()


def test_a_stage_that_was_left_again_when_the_news_came_is_passed_over(house, email):
    linked(house, email)
    automate(house, Trigger.LEAD_STAGE_REACHED)
    arrives(house, moved(3, 60, old=2))
    arrives(house, moved(2, 0, old=1))
    assert [state for *_, state in outbox(house)] == ["waiting", "passed_over"]


def test_what_a_lead_is_called_is_hidden_until_somebody_asks(house, email):
    linked(house, email)
    arrives(house, a_hook(name="Curso - Ana Segredo"))
    (hook,) = house.rows("SELECT id FROM deliveries WHERE account_id = :account AND source = 'kommo'")
    page = a_member(house.app, house.account, Role.OPERATOR).reads(f"/a/{house.account.key}/events/{hook.id}")
    assert "61000010" in page
    assert "Segredo" not in page


def test_a_lead_says_nothing_of_who_its_buyer_is(house, email):
    linked(house, email)
    before = house.rows("SELECT name, phone, document FROM clients WHERE account_id = :account")
    arrives(house, a_hook(name="Outro Nome"))
    assert house.rows("SELECT name, phone, document FROM clients WHERE account_id = :account") == before
