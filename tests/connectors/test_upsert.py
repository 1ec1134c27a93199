"""Create or update a lead: the traps of the reference, one by one, over real HTTP."""

from __future__ import annotations

from decimal import Decimal

from service.connectors.kommo.looking import Why, look
from service.connectors.kommo.planning import plan
from service.connectors.kommo.shapes import LOST, WON
from service.connectors.kommo.stages import Freedom, Move, Pair
from service.connectors.kommo.values import Policy
from service.connectors.kommo.wishes import CompanyWish, Criterion, FieldWish, NoteWish, PersonWish, Reuse, Stored, Wish
from service.domain.money import Money
from tests.connectors.conftest import ANA, FINGERPRINT, FIRST, PIPELINE, SALE, SECOND, WISH, Desk, a_contact, a_lead

PHONE, EMAIL = 880001, 880002
NOTE = NoteWish("Compra aprovada, R$ 197,90, Pix.", "[HP0000000001/PURCHASE_APPROVED]")


# Making, once.


def test_where_all_is_new_one_request_makes_lead_contact_and_company(desk):
    done = desk.brings(WISH._replace(company=CompanyWish("Estudio Lima LTDA")))
    assert desk.fake.writes() == [("POST", "leads/complex")]
    (lead,) = desk.leads()
    assert (lead["price_with_minor_units"], lead["pipeline_id"], lead["status_id"]) == (197.9, PIPELINE, FIRST)
    assert [tag["name"] for tag in lead["tags"]] == ["hotmart"]
    assert desk.values("leads", lead["id"], FINGERPRINT) == ["HP0000000001"]
    (contact,) = desk.contacts()
    assert desk.values("contacts", contact["id"], EMAIL) == ["ana.lima@example.com"]
    (company,) = desk.fake.account.all("companies")
    assert done.stored == Stored(lead["id"], contact["id"], company["id"]) == desk.kept[0]


def test_a_person_kommo_knows_gets_a_lead_of_their_own_and_complex_is_not_used(desk):
    contact = a_contact(desk, "Ana Lima", "+5531987654321", email="Ana.Lima@Example.com ")
    done = desk.brings(WISH)
    assert desk.fake.writes() == [("POST", "leads")]
    assert (done.plan.contact_why, done.stored.contact_id) == (Why.EMAIL, contact)
    assert len(desk.contacts()) == 1


def test_an_order_bump_a_second_later_is_a_second_lead_of_the_same_contact_by_the_id_we_kept(desk):
    desk.fake.account.index_delay = 600
    first = desk.brings(WISH)
    bump = SALE._replace(name="Bump - Ana Lima", fingerprint="HP0000000002")
    second = desk.brings(Wish(bump, ANA, stored=Stored(contact_id=first.stored.contact_id)))
    assert second.stored.contact_id == first.stored.contact_id
    assert len(desk.leads()) == 2
    assert len(desk.contacts()) == 1


def test_a_company_kommo_knows_is_tied_without_complex(desk):
    (company,) = desk.kommo.create("companies", [{"name": "Estudio Lima"}])
    desk.fake.seen.clear()
    done = desk.brings(WISH._replace(company=CompanyWish("estudio lima")))
    assert desk.fake.writes() == [
        ("POST", "contacts"),
        ("POST", "leads"),
        ("POST", f"contacts/{desk.contacts()[0]['id']}/link"),
    ]
    assert done.stored.company_id == company.answer["id"]
    shown = desk.kommo.lead(done.stored.lead_id)
    assert [one.id for one in shown.companies] == [company.answer["id"]]
    assert desk.fake.account.rows["companies"][company.answer["id"]]["name"] == "Estudio Lima"


def test_more_than_forty_fields_do_not_go_through_complex(desk):
    for number in range(41):
        desk.fake.account.add_field("leads", 890000 + number, f"F{number}", "text")
    many = Desk(desk.fake, desk.kommo)
    many.brings(WISH._replace(lead=SALE._replace(fields=tuple(FieldWish(890000 + n, ("x",)) for n in range(41)))))
    assert desk.fake.writes() == [("POST", "contacts"), ("POST", "leads")]


def test_bringing_the_same_again_sends_nothing(desk):
    wish = WISH._replace(lead=SALE._replace(note=NOTE), company=CompanyWish("Estudio Lima LTDA"))
    first = desk.brings(wish)
    desk.fake.seen.clear()
    again = desk.brings(wish._replace(stored=first.stored))
    forgotten = desk.brings(wish)  # even where our own ids were lost
    assert desk.fake.writes() == []
    assert again.stored == forgotten.stored == first.stored
    assert (again.plan.lead_why, forgotten.plan.lead_why) == (Why.STORED, Why.FINGERPRINT)
    assert len(desk.fake.account.notes) == 1


def test_a_plan_shows_before_and_after_and_sends_nothing(desk):
    contact = a_contact(desk, "Ana", "+5531987654321")
    lead = a_lead(desk, contact, price=50, status_id=FIRST, pipeline_id=PIPELINE)
    wish = Wish(SALE._replace(stage=Pair(PIPELINE, SECOND)), ANA, stored=Stored(lead))
    planned = plan(wish, look(desk.kommo, wish), desk.book)
    assert desk.fake.writes() == []
    assert {(change.field, change.before, change.after) for change in planned.changes} == {
        ("price", "50", "197.90"),
        ("stage", "Vendas Hotmart: Boleto gerado", "Vendas Hotmart: Negociando"),
        ("Transação Hotmart", "", "HP0000000001"),
        ("tags", "", "hotmart"),
        ("E-mail", "", "ana.lima@example.com"),
    }
    assert (planned.lead_why, planned.contact_why, planned.move) == (Why.STORED, Why.LEAD, Move.FORWARD)


def test_a_deleted_lead_is_forgotten_and_made_anew(desk):
    first = desk.brings(WISH)
    desk.fake.account.delete("leads", first.stored.lead_id)
    second = desk.brings(WISH._replace(stored=first.stored))
    assert second.stored.lead_id != first.stored.lead_id
    assert second.stored.contact_id == first.stored.contact_id


def test_duplicate_control_that_merges_is_looked_at_and_changed_as_any_other_lead(desk):
    contact = a_contact(desk, "Ana", "+5531987654321")
    lead = a_lead(desk, contact, name="antiga")
    desk.fake.account.duplicate_control = True
    stranger = ANA._replace(criteria=(Criterion.EMAIL,))  # we find nobody, Kommo does
    done = desk.brings(WISH._replace(person=stranger))
    assert done.merged
    assert done.stored == Stored(lead, contact, None)
    assert desk.values("leads", lead, FINGERPRINT) == ["HP0000000001"]


# Who is who.


def test_the_search_is_free_text_and_its_first_hit_is_not_taken(desk):
    a_contact(desk, "indicada por ana.lima@example.com")
    a_contact(desk, "Outra", email="xana.lima@example.com.br")
    done = desk.brings(WISH)
    assert done.plan.contact_why is None
    assert len(desk.contacts()) == 3


def test_two_people_with_the_same_last_seven_digits_stay_two(desk):
    other = a_contact(desk, "Outra Pessoa", "+5511987654321")
    person = ANA._replace(email=None)
    done = desk.brings(WISH._replace(person=person))
    assert done.stored.contact_id != other
    assert desk.values("contacts", other, PHONE) == ["+5511987654321"]


def test_a_phone_without_its_ninth_digit_is_the_same_person(desk):
    known = a_contact(desk, "Ana", "(31) 8765-4321")
    done = desk.brings(WISH._replace(person=ANA._replace(email=None)))
    assert (done.stored.contact_id, done.plan.contact_why) == (known, Why.PHONE)
    assert desk.values("contacts", known, PHONE) == ["(31) 8765-4321"]


def test_a_phone_with_its_ninth_digit_is_found_by_one_without(desk):
    known = a_contact(desk, "Ana", "+55 31 98765-4321")
    done = desk.brings(WISH._replace(person=ANA._replace(email=None, phone="3187654321")))
    assert done.stored.contact_id == known


def test_a_document_matches_without_its_points_only_in_its_own_field(desk):
    desk.fake.account.add_field("contacts", 880003, "CPF", "text")
    fields = [{"field_id": 880003, "values": [{"value": "111.444.777-35"}]}]
    (made,) = desk.kommo.create(
        "contacts",
        [
            {"name": "Ana", "custom_fields_values": fields},
        ],
    )
    desk.kommo.create("contacts", [{"name": "nota: 111.444.777-35"}])
    person = PersonWish("Ana", document="111.444.777-35", document_field=880003, criteria=(Criterion.DOCUMENT,))
    done = Desk(desk.fake, desk.kommo).brings(WISH._replace(person=person))
    assert (done.stored.contact_id, done.plan.contact_why) == (made.answer["id"], Why.DOCUMENT)
    assert done.plan.also == ()


def test_of_several_matches_ours_is_taken_then_the_busy_one_then_the_oldest_and_the_others_are_told(desk):
    email = "ana.lima@example.com"
    oldest, busy, ours = (a_contact(desk, name, email=email) for name in ("um", "dois", "tres"))
    for number, contact in enumerate((oldest, busy, ours)):
        desk.fake.account.rows["contacts"][contact]["created_at"] = 1_700_000_000 + number
    wish = WISH._replace(lead=SALE._replace(note=None))
    assert look(desk.kommo, wish).contact.id == oldest
    a_lead(desk, oldest, status_id=WON, pipeline_id=PIPELINE)
    a_lead(desk, busy, status_id=FIRST, pipeline_id=PIPELINE)
    present = look(desk.kommo, wish)
    assert (present.contact.id, set(present.also)) == (busy, {oldest, ours})
    known = a_lead(desk, ours, status_id=LOST, pipeline_id=PIPELINE)
    assert look(desk.kommo, wish._replace(lead=SALE._replace(same_product=(known,)))).contact.id == ours


def test_the_criteria_are_asked_in_the_order_the_user_chose(desk):
    by_phone = a_contact(desk, "Por telefone", "+5531987654321")
    by_email = a_contact(desk, "Por e-mail", email="ana.lima@example.com")
    for criteria, expected in (
        ((Criterion.EMAIL, Criterion.PHONE), by_email),
        ((Criterion.PHONE, Criterion.EMAIL), by_phone),
        ((Criterion.STORED, Criterion.EMAIL), by_phone),
    ):
        wish = Wish(SALE, ANA._replace(criteria=criteria), stored=Stored(contact_id=by_phone))
        assert look(desk.kommo, wish).contact.id == expected


# Other people's work.


def test_three_phones_stay_when_a_fourth_comes(desk):
    phones = ("+553133334444", "(31) 8888-7777", "recado: mae")
    known = a_contact(desk, "Ana", *phones, email="ana.lima@example.com")
    desk.brings(WISH)
    assert desk.values("contacts", known, PHONE) == [*phones, "+5531987654321"]
    (change,) = desk.fake.sent("PATCH", f"contacts/{known}")
    assert set(change.body) == {"custom_fields_values"}
    assert {value["enum_code"] for value in change.body["custom_fields_values"][0]["values"]} == {"MOB", "WORK"}


def test_tags_of_others_survive_and_ours_is_not_doubled(desk):
    lead = a_lead(desk, _embedded={"tags": [{"name": "vip"}, {"name": "Hotmart"}]})
    desk.brings(WISH._replace(lead=SALE._replace(tags=("hotmart", "compra-aprovada")), stored=Stored(lead)))
    assert [tag["name"] for tag in desk.fake.account.rows["leads"][lead]["tags"]] == [
        "vip",
        "Hotmart",
        "compra-aprovada",
    ]


def test_only_what_changes_is_sent(desk):
    lead = a_lead(desk, name="Curso de Python - Ana Lima", price=197.9)
    desk.fake.account.rows["leads"][lead]["created_by"] = 999  # a user who was removed since
    desk.brings(Wish(SALE._replace(stage=None, tags=()), stored=Stored(lead)))
    (change,) = desk.fake.sent("PATCH")
    assert change.body == {"custom_fields_values": [{"field_id": FINGERPRINT, "values": [{"value": "HP0000000001"}]}]}


def test_a_name_somebody_gave_stays_unless_the_user_wants_otherwise(desk):
    known = a_contact(desk, "Aninha do Instagram", email="ana.lima@example.com")
    desk.brings(WISH)
    assert desk.fake.account.rows["contacts"][known]["name"] == "Aninha do Instagram"
    desk.brings(WISH._replace(person=ANA._replace(name_policy=Policy.ALWAYS)))
    assert desk.fake.account.rows["contacts"][known]["name"] == "Ana Lima"


def test_a_company_is_renamed_only_where_the_user_wants_it(desk):
    first = desk.brings(WISH._replace(company=CompanyWish("Estudio Lima")))
    wish = WISH._replace(company=CompanyWish("Estudio Lima e Filhos"), stored=first.stored)
    desk.brings(wish)
    (company,) = desk.fake.account.all("companies")
    assert company["name"] == "Estudio Lima"
    desk.brings(wish._replace(company=CompanyWish("Estudio Lima e Filhos", Policy.ALWAYS)))
    (company,) = desk.fake.account.all("companies")
    assert company["name"] == "Estudio Lima e Filhos"


def test_a_stage_goes_forward_as_a_pair_and_never_back(desk):
    first = desk.brings(WISH._replace(lead=SALE._replace(stage=Pair(PIPELINE, SECOND))))
    back = desk.brings(WISH._replace(stored=first.stored))
    assert back.plan.move is Move.BACKWARDS
    assert desk.leads()[0]["status_id"] == SECOND
    desk.fake.seen.clear()
    won = desk.brings(WISH._replace(lead=SALE._replace(stage=Pair(PIPELINE, WON)), stored=first.stored))
    assert won.plan.move is Move.FORWARD
    assert desk.fake.sent("PATCH")[0].body == {"pipeline_id": PIPELINE, "status_id": WON}


def test_a_lead_somebody_moved_lately_or_to_another_pipeline_is_left_alone(desk):
    desk.fake.account.add_pipeline("Pós-venda", 7700200, {62000010: "Bem-vindo"})
    desk = Desk(desk.fake, desk.kommo)
    first = desk.brings(WISH)
    hands_off = SALE._replace(stage=Pair(PIPELINE, WON), freedom=Freedom(hands_off=True))
    assert desk.brings(Wish(hands_off, ANA, stored=first.stored)).plan.move is Move.LEFT_ALONE
    desk.kommo.change("leads", first.stored.lead_id, {"pipeline_id": 7700200, "status_id": WON})
    moved = desk.brings(Wish(SALE._replace(stage=Pair(PIPELINE, WON)), ANA, stored=first.stored))
    assert moved.plan.move is Move.OTHER_PIPELINE
    assert desk.leads()[0]["pipeline_id"] == 7700200


def test_which_lead_is_taken_again_is_the_users_choice(desk):
    first = desk.brings(WISH)
    second = SALE._replace(fingerprint="HP0000000002")
    assert look(desk.kommo, Wish(second, ANA)).lead is None
    same = Wish(second._replace(reuse=Reuse.SAME_PRODUCT, same_product=(first.stored.lead_id,)), ANA)
    assert look(desk.kommo, same).lead_why is Why.SAME_PRODUCT
    taken = desk.brings(Wish(second._replace(reuse=Reuse.ANY_OPEN), ANA))
    assert (taken.plan.lead_why, taken.stored.lead_id) == (Why.ANY_OPEN, first.stored.lead_id)
    assert desk.values("leads", first.stored.lead_id, FINGERPRINT) == ["HP0000000001 HP0000000002"]
    for fingerprint in ("HP0000000001", "HP0000000002"):
        assert look(desk.kommo, Wish(SALE._replace(fingerprint=fingerprint))).lead.id == first.stored.lead_id
    desk.kommo.change("leads", first.stored.lead_id, {"pipeline_id": PIPELINE, "status_id": WON})
    third = SALE._replace(fingerprint="HP0000000003")
    for reuse in Reuse:
        wish = third._replace(reuse=reuse, same_product=(first.stored.lead_id,))
        assert look(desk.kommo, Wish(wish, ANA)).lead is None


def test_of_several_open_leads_the_newest_is_taken_again(desk):
    contact = a_contact(desk, "Ana", email="ana.lima@example.com")
    leads = [a_lead(desk, contact, created_at=1_700_000_000 + number, status_id=FIRST) for number in (1, 3, 2)]
    reuse = SALE._replace(reuse=Reuse.ANY_OPEN)
    assert look(desk.kommo, Wish(reuse, ANA)).lead.id == leads[1]
    same = SALE._replace(reuse=Reuse.SAME_PRODUCT, same_product=(leads[0], leads[2]))
    assert look(desk.kommo, Wish(same, ANA)).lead.id == leads[2]


def test_an_old_account_gets_whole_prices_and_no_change_for_the_cents(fake, kommo):
    fake.account.minor_units = False
    kommo.create("leads", [{"name": "de outra pessoa", "price": 10}])
    desk = Desk(fake, kommo)
    first = desk.brings(WISH)
    assert desk.leads()[0]["price"] == 198
    fake.seen.clear()
    desk.brings(WISH._replace(stored=first.stored))
    assert fake.writes() == []


def test_a_sale_in_another_currency_gets_no_price_and_says_so(desk):
    done = desk.brings(WISH._replace(lead=SALE._replace(money=Money(Decimal(10), "USD"))))
    assert desk.leads()[0]["price"] == 0
    assert done.plan.left_out == (("leads", "price", "in USD, the account is in BRL"),)


def test_a_wish_that_does_not_fit_its_field_is_left_out_and_the_rest_is_made(desk):
    desk.fake.account.add_field("leads", 880102, "Pagamento", "select", options=("Pix", "Boleto"))
    fields = (FieldWish(880102, ("Cheque",)), FieldWish(999, ("x",)), FieldWish("EMAIL", ("x",)))
    done = Desk(desk.fake, desk.kommo).brings(WISH._replace(lead=SALE._replace(fields=fields)))
    assert [left.field for left in done.plan.left_out] == ["Pagamento", "999", "EMAIL"]
    assert len(desk.leads()) == 1
