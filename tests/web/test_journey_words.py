"""The journey in words: a sentence, a name and an icon for every kind of milestone, in three languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from service.domain.journey import KINDS
from service.domain.refusals import Reason
from service.store.users import LANGUAGES
from service.web import journey_words, words
from tests.stories.test_recovery import NOON


@pytest.fixture(params=LANGUAGES)
def language(request, app: Flask) -> Iterator[str]:
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


def a_step(kind: str, **more: Any) -> dict[str, Any]:
    usual = {"kind": kind, "key": "", "detail": None, "payment_type": None, "recurrence_number": None, "is_bump": False}
    return {**usual, "occurred_at": NOON, **more}


def test_every_kind_has_a_sentence_a_name_and_an_icon_that_is_drawn(language, app):
    drawn = set(re.findall(r'<symbol id="([^"]+)"', Path(f"{app.static_folder}/icons.svg").read_text("utf-8")))
    assert set(journey_words.SENTENCES) == set(journey_words.NAMES) == set(journey_words.ICONS) == KINDS
    assert set(journey_words.ICONS.values()) <= drawn
    said = {journey_words.sentence(a_step(kind)) for kind in KINDS}
    assert len(said) == len(KINDS)
    assert all(said)


def test_every_sentence_is_said_in_three_languages(app):
    spoken = []
    for language in LANGUAGES:
        with app.test_request_context(headers={"Accept-Language": language}):
            plain = [journey_words.sentence(a_step(kind)) for kind in sorted(KINDS)]
            paid = [str(said) for said in journey_words.OF_PAYMENT.values()]
            more = [journey_words.sentence(a_step(kind, detail="X9")) for kind in sorted(KINDS)]
            assert all("X9" in said for kind, said in zip(sorted(KINDS), more, strict=True) if kind in TELLING)
            spoken.append([*plain, *paid, *more, *map(str, words.REFUSALS.values())])
    assert all(len(set(versions)) > 1 for versions in zip(*spoken, strict=True) if "boleto" not in versions[0])


TELLING = {"subscription_canceled", "plan_switched", "charge_date_changed", "module_completed", "shipped"}


def test_every_refusal_reason_has_words(language):
    assert set(words.REFUSALS) == set(Reason)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (a_step("canceled", detail="SALDO INSUFICIENTE 51"), "O pagamento foi recusado: saldo insuficiente"),
        (a_step("canceled", detail="Transaction refused"), "O banco recusou o pagamento"),
        (a_step("canceled", detail="UNKNOWN"), "O pagamento foi recusado"),
        (a_step("canceled"), "A compra foi cancelada"),
        (a_step("overdue", detail="Cartão vencido"), "O pagamento está atrasado: cartão vencido"),
        (a_step("payment_issued", payment_type="PIX"), "Recebeu um código Pix para pagar"),
        (a_step("expired", payment_type="BILLET"), "O boleto venceu"),
        (a_step("approved", payment_type="PIX"), "O Pix foi pago"),
        (a_step("approved", payment_type="PIX", is_bump=True), "O order bump foi pago"),
        (a_step("subscription_renewed", recurrence_number=1234), "A assinatura foi renovada: cobrança 1.234"),
        (a_step("module_completed", detail="Módulo 1"), "Concluiu o módulo Módulo 1"),
    ],
)
def test_a_sentence_says_what_the_milestone_tells(app, step, said):
    with app.test_request_context(headers={"Accept-Language": "pt"}):
        assert journey_words.sentence(step) == said


def a_group(*steps: dict[str, Any]) -> Any:
    attempts = len({step["key"] for step in steps})
    return SimpleNamespace(head=steps[0], milestones=steps, attempts=attempts, first_at=steps[-1]["occurred_at"])


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "3 attempts in 20 minutes, last refused: insufficient funds"),
        ("pt", "3 tentativas em 20 minutos, última recusa: saldo insuficiente"),
        ("es", "3 intentos en 20 minutos, último rechazo: fondos insuficientes"),
    ],
)
def test_a_group_says_how_many_how_long_and_why(app, language, said):
    later = NOON + timedelta(minutes=20)
    group = a_group(
        a_step("payment_issued", key="c", occurred_at=later),
        a_step("canceled", key="b", detail="Saldo insuficiente"),
        a_step("canceled", key="a", detail="Cartão vencido"),
    )
    with app.test_request_context(headers={"Accept-Language": language}):
        assert journey_words.group_sentence(group).replace("\xa0", " ") == said


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("9001001|7700100:61000010|1", "O lead na Kommo chegou à etapa Vendas: Boleto gerado"),
        ("9001001|7700100:61000099|2", "O lead na Kommo chegou à etapa 61000099 do funil 7700100"),
        ("something else", "O lead na Kommo chegou a outra etapa"),
    ],
)
def test_a_stage_is_called_as_in_kommo_and_by_its_number_where_nobody_knows_its_name(app, key, said):
    names = {(7700100, 61000010): "Vendas: Boleto gerado"}
    with app.test_request_context(headers={"Accept-Language": "pt"}):
        assert journey_words.sentence(a_step("lead_stage_reached", key=key), names) == said
        ended = a_step("lead_stage_reached", key=key, detail="won")
        assert journey_words.sentence(ended, names) == "O lead na Kommo foi ganho"
