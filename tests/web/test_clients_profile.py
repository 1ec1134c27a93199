"""A client's profile: contact, money by currency, what can still be won."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from service.domain.roles import Role
from service.samples.cast import CLUB, COURSE_ABROAD
from service.store.engine import transaction
from service.web import contacts
from tests.living import House
from tests.stories.test_recovery import ANA, BRUNO, approved, cart, refused, told
from tests.web.visitors import Visitor, a_member

NOW = datetime(2026, 7, 9, 12, 0, tzinfo=UTC)


@pytest.fixture
def owner(house: House) -> Visitor:
    return a_member(house.app, house.account, Role.OWNER, "Ana Dona")


def id_of(house: House, email: str = ANA) -> str:
    (client,) = house.get("/clients", email=email)
    return str(client["id"])


def profile_of(house: House, email: str = ANA) -> str:
    return f"/a/{house.account.key}/clients/{id_of(house, email)}"


def words_of(page: str) -> str:
    """What a page shows, as one line of text."""
    shown = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page.split("<main")[1], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).replace("\xa0", " ").split())


def test_the_contact_block_can_be_clicked_and_copied(house, owner):
    house.receives(approved(0))
    page = owner.reads(profile_of(house))
    (client,) = house.get("/clients", email=ANA)
    assert f'href="mailto:{ANA}"' in page
    assert f'href="https://wa.me/{client["phone"].removeprefix("+")}"' in page
    assert f'href="tel:{client["phone"]}"' in page
    for id_ in ("email-1", "phone", "document", "address"):
        assert f'data-copy="{id_}"' in page
        assert f'id="{id_}"' in page
    document = client["document"]
    assert f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}" in page


def test_a_number_that_is_no_telephone_opens_no_chat(house, owner):
    event = approved(0)
    event["data"]["buyer"]["checkout_phone"] = "falar com a mãe"
    event["data"]["buyer"].pop("checkout_phone_code", None)
    house.receives(event)
    assert "wa.me" not in owner.reads(profile_of(house))


@pytest.mark.parametrize(
    ("number", "kind", "shown"),
    [
        ("37825604262", "CPF", ("CPF", "378.256.042-62")),
        ("12345678000195", "CNPJ", ("CNPJ", "12.345.678/0001-95")),
        ("12ABC34501DE35", "CNPJ", ("CNPJ", "12.ABC.345/01DE-35")),
        ("37825604262", None, ("CPF", "378.256.042-62")),
        ("X1234567", "PASSPORT", ("PASSPORT", "X1234567")),
        ("123", "CPF", ("CPF", "123")),
        (None, "CPF", None),
    ],
)
def test_documents_are_written_as_their_country_writes_them(number, kind, shown):
    assert contacts.document({"document": number, "document_type": kind}) == shown


@pytest.mark.parametrize("phone", [None, "", "11987654321", "+55 11 98765", "+0123456789", "+55119876543210123", "tel"])
def test_only_e164_is_a_chat(phone):
    assert contacts.whatsapp(phone) is None


def test_a_mail_address_cannot_add_receivers():
    assert contacts.mailto("a?bcc=b@example.com&x=%") == "mailto:a%3Fbcc%3Db@example.com%26x%3D%25"


def test_each_currency_is_a_block_of_its_own(house, owner):
    refund = told("PURCHASE_REFUNDED", 70, "HP2", price="30.00", approved_at=NOW, ordered_at=NOW)
    house.receives(
        approved(0, "HP1", price="100.00"),
        refund,
        told("PURCHASE_PROTEST", 5, "HP3", price="20.00"),
        told("PURCHASE_BILLET_PRINTED", 9, "HP4", price="10.00", payment="PIX"),
        approved(20, "HP5", product=COURSE_ABROAD),
        approved(1500, "HP6", price="1.00"),
    )
    shown = words_of(owner.reads(profile_of(house)))
    reais, dollars = re.search(r"Real brasileiro (.*?) Dólar americano (.*?) Preços brutos", shown).groups()
    assert reais.startswith("R$ 101,00 Receita total")
    assert "Receita perdida R$ 30,00" in reais
    assert "Receita em disputa R$ 20,00" in reais
    assert "Receita pendente R$ 10,00" in reais
    assert "Compras 2 Primeira compra 2 de jul. de 2026 Última compra 3 de jul. de 2026" in reais
    assert dollars.startswith("US$ 64,90 Receita total")
    assert "R$" not in dollars


def test_every_number_of_the_money_opens_as_many_purchases(house, owner):
    house.receives(
        approved(0, "HP1"), approved(5, "HP2"), refused(9, "HP3"), approved(20, "HP5", product=COURSE_ABROAD)
    )
    page = owner.reads(profile_of(house))
    counted = {"active": {"HP1", "HP2"}, "lost": {"HP3"}, "disputed": set(), "pending": set()}
    for category, codes in counted.items():
        link = f"{profile_of(house)}/purchases?category={category}&amp;currency=BRL"
        assert f'href="{link}"' in page
        opened = owner.reads(html.unescape(link))
        assert set(re.findall(r"<code>(HP\d+)</code>", opened)) == codes
        answer = house.get(f"/clients/{id_of(house)}/purchases", category=category, currency="BRL")
        assert {row["transaction"] for row in answer["purchases"]} == codes


def test_purchases_come_in_pages_that_keep_the_filter(house, owner):
    house.receives(*(approved(number, f"HP{number}") for number in range(53)), refused(60, "HP99"))
    first = owner.reads(f"{profile_of(house)}/purchases?category=active")
    assert "53 compras" in words_of(first)
    older = html.unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    assert "category=active" in older
    second = owner.reads(older)
    seen = [*re.findall(r"<code>(HP\d+)</code>", first), *re.findall(r"<code>(HP\d+)</code>", second)]
    assert seen == [f"HP{number}" for number in reversed(range(53))]
    assert 'rel="next"' not in second


def test_products_subscriptions_and_open_opportunities_are_there(house, owner):
    house.receives(
        told("PURCHASE_APPROVED", 0, "HP1", product=CLUB, recurrence=1),
        refused(10, "HP2", refusal="Saldo insuficiente"),
        told("PURCHASE_BILLET_PRINTED", 15, "HP3", payment="BILLET"),
        cart(20, email=BRUNO),
    )
    shown = words_of(owner.reads(profile_of(house)))
    assert "Clube de Conversação · Plano Mensal 1 cobrança" in shown
    assert "próxima cobrança em" in shown
    assert "Ainda dá para recuperar Esperando pagamento" in shown.replace("Aguardando", "Esperando")
    assert "2 tentativas" in shown
    assert "Ainda dá para recuperar Carrinho abandonado" in words_of(owner.reads(profile_of(house, BRUNO)))
    (chance,) = house.get(f"/clients/{id_of(house)}/opportunities")
    assert (chance["kind"], chance["attempts"], chance["email"]) == ("waiting_payment", 2, ANA)


def test_a_payment_link_that_is_no_web_address_is_no_link(house, owner):
    house.receives(told("PURCHASE_BILLET_PRINTED", 0, "HP1", payment="BILLET"))
    for link, shown in (("https://pay.example.com/1?a=b", True), ("javascript:alert(1)", False)):
        with transaction(house.shop.engine) as tx:
            tx.exec_driver_sql(
                "UPDATE opportunities SET payment_link = %s WHERE account_id = %s", (link, house.account.id)
            )
        assert (f'href="{link}"' in owner.reads(profile_of(house))) is shown
    assert "javascript:" not in owner.reads(profile_of(house))


def test_an_unknown_client_is_not_there(house, owner):
    for path in ("", "/journey", "/purchases"):
        assert owner.get(f"/a/{house.account.key}/clients/{uuid4()}{path}").status_code == 404
