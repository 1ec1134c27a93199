"""History in fifties: many plans at once leave what each alone would have left."""

from __future__ import annotations

from service.connectors.kommo.answers import Rejected
from service.connectors.kommo.batches import Written
from service.connectors.kommo.looking import look
from service.connectors.kommo.many import carry_out_many
from service.connectors.kommo.planning import plan
from service.connectors.kommo.wishes import CompanyWish, NoteWish, Stored, Wish
from service.errors import Unauthorized, Unconfirmed
from tests.connectors.conftest import ANA, SALE
from tests.kommo.faults import Fault, When


def a_wish(number: int) -> Wish:
    return Wish(
        SALE._replace(
            name=f"Venda {number}", fingerprint=f"HP{number:010}", note=NoteWish("Compra aprovada", f"[HP{number:010}]")
        ),
        ANA._replace(first_name=f"Ana {number}", email=f"ana{number}@example.com", phone=f"+55319{80000000 + number}"),
        CompanyWish(f"Estudio {number}"),
    )


def plans_of(desk, wishes):
    planned = [plan(wish, look(desk.kommo, wish), desk.book) for wish in wishes]
    desk.fake.seen.clear()
    return planned


def run(desk, planned):
    kept: dict[int, Stored] = {}
    return carry_out_many(desk.kommo, planned, kept.update), kept


def test_sixty_new_sales_take_four_requests_and_hang_together(desk):
    wishes = [a_wish(number) for number in range(60)]
    results, kept = run(desk, plans_of(desk, wishes))
    assert desk.fake.writes() == [("POST", "leads/complex")] * 2 + [("POST", "leads/notes")] * 2
    assert [result.stored for result in results] == [kept[place] for place in range(60)]
    assert not any(result.error or result.merged for result in results)
    assert len(desk.fake.account.notes) == 60
    for wish, result in zip(wishes, results, strict=True):
        lead = desk.kommo.lead(result.stored.lead_id)
        assert (lead.name, lead.main_contact) == (wish.lead.name, result.stored.contact_id)
        again = wish._replace(stored=result.stored)
        assert plan(again, look(desk.kommo, again), desk.book).steps == ()


def test_known_people_get_their_leads_ties_and_changes_together(desk):
    fields = [{"field_code": "EMAIL", "values": [{"value": f"ana{number}@example.com"}]} for number in range(3)]
    desk.kommo.create("contacts", [{"name": "conhecida", "custom_fields_values": [field]} for field in fields])
    wishes = [a_wish(number) for number in range(3)]
    results, _ = run(desk, plans_of(desk, wishes))
    assert [path for _, path in desk.fake.writes() if "/link" not in path] == [
        "contacts",
        "companies",
        "leads",
        "leads/notes",
    ]
    assert len(desk.contacts()) == 3
    for wish, result in zip(wishes, results, strict=True):
        again = wish._replace(stored=result.stored)
        assert plan(again, look(desk.kommo, again), desk.book).steps == ()


def test_one_that_is_refused_leaves_the_others_alone(desk):
    wishes = [a_wish(number) for number in range(5)]
    wishes[2] = wishes[2]._replace(lead=wishes[2].lead._replace(responsible_user_id=5))
    results, kept = run(desk, plans_of(desk, wishes))
    assert [type(result.error) for result in results] == [type(None)] * 2 + [Rejected] + [type(None)] * 2
    assert sorted(kept) == [0, 1, 3, 4]
    assert len(desk.leads()) == len(desk.fake.account.notes) == 4


def test_a_504_after_the_work_leaves_each_to_be_looked_for(desk):
    wishes = [a_wish(number) for number in range(3)]
    planned = plans_of(desk, wishes)
    desk.fake.faults.plan(Fault(504, "POST", "complex", When.AFTER))
    results, kept = run(desk, planned)
    assert all(isinstance(result.error, Unconfirmed) for result in results)
    assert kept == {}
    assert desk.fake.writes() == [("POST", "leads/complex")]


def test_an_answer_without_an_id_is_unclear_and_leaves_the_others_alone(desk, monkeypatch):
    desk.kommo.create(
        "contacts", [{"custom_fields_values": [known_by(f"ana{number}@example.com")]} for number in (0, 1)]
    )
    planned, create = plans_of(desk, [a_wish(number) for number in (0, 1)]), desk.kommo.create

    def without_the_first_id(kind, bodies):
        first, *others = create(kind, bodies)
        return [Written({**first.answer, "id": None}) if kind == "leads" else first, *others]

    monkeypatch.setattr(desk.kommo, "create", without_the_first_id)
    results, kept = run(desk, planned)
    assert [type(result.error) for result in results] == [Unconfirmed, type(None)]
    assert kept[1].lead_id == results[1].stored.lead_id is not None


def known_by(email):
    return {"field_code": "EMAIL", "values": [{"value": email}]}


def test_a_refused_token_ends_all_that_was_not_sent(desk):
    planned = plans_of(desk, [a_wish(number) for number in range(60)])
    desk.fake.faults.plan(Fault(401, "POST", body={"status": 401}, skip=1, times=9))
    results, kept = run(desk, planned)
    assert len(kept) == len(desk.leads()) == 50
    assert all(isinstance(result.error, Unauthorized) for result in results)
    assert results[0].stored.lead_id == kept[0].lead_id


def test_a_merged_lead_is_left_to_be_brought_alone(desk):
    first = a_wish(1)
    run(desk, plans_of(desk, [first]))
    desk.fake.account.duplicate_control = True
    stranger = a_wish(2)._replace(person=first.person._replace(email="outra@example.com", criteria=()))
    (result,), _ = run(desk, plans_of(desk, [stranger]))
    assert result.merged
    assert len(desk.fake.account.notes) == 1


def test_each_hears_its_own_part_of_a_request_and_nothing_of_the_others(desk):
    wishes = [a_wish(number) for number in range(3)]
    wishes[2] = wishes[2]._replace(lead=wishes[2].lead._replace(responsible_user_id=5))
    results, _ = run(desk, plans_of(desk, wishes))
    heard = [[(one["method"], one["path"], one["status"]) for one in result.exchanges] for result in results]
    made, noted = ("POST", "leads/complex", "200"), ("POST", "leads/notes", "200")
    assert heard == [[made, noted], [made, noted], [("POST", "leads/complex", "400")]]
    for number, result in enumerate(results):
        told = str(result.exchanges)
        assert [f"ana{other}@example.com" in told for other in range(3)] == [other == number for other in range(3)]
    assert "responsible_user_id" in results[2].exchanges[0]["answer"]
    assert str(results[0].stored.lead_id) in results[0].exchanges[0]["answer"]
