"""What automations can say, in three languages: every code of the tables and of the code is said, whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from service.connectors.kommo import looking, stages
from service.connectors.kommo.shapes import Kind
from service.connectors.limits import State
from service.domain.automation import causes, filters, judging
from service.domain.automation.appearances import Overtaken
from service.domain.automation.judging import Failure
from service.domain.automation.triggers import MEANING, Trigger
from service.store.history import STATES
from service.store.users import LANGUAGES
from service.web import automation_causes, automation_words
from service.web.automation_causes import CAUSES, OVERTAKEN, cause_told
from tests.web.test_import_words import ROOT, calls, named

WAYS_OUT = ("service/connectors", "service/kommo_desk.py", "service/store/vault.py")
CONDUCTORS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "workers").glob("*.py")
    if path.name in {"deliver.py", "errands.py", "senders.py"} or path.name.startswith("to_")
)
OURS_OF_A_FAULT = {"error", "unprocessable", "malformed", "too_large", "refused", "unauthorized", "not_found"}
OURS_OF_A_FAULT |= {"conflict", "unavailable", "unconfirmed", "misconfigured"}


def texts(nodes: Any) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def files(*places: str) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def codes_raised() -> set[str]:
    """The codes of faults that meet a promise: `code="…"` of what is raised, and of the classes."""
    said = {text for call in calls(*WAYS_OUT, *CONDUCTORS) for text in texts(_codes(call))}
    classes = (node for file in files(*WAYS_OUT, "service/store/leases.py") for node in ast.walk(_parsed(file)))
    of_classes = (
        line.value
        for node in classes
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.Assign) and [getattr(name, "id", "") for name in line.targets] == ["code"]
    )
    return said | set(texts(of_classes)) | {f"road_{state}" for state in State if state not in (State.GO, State.PROBE)}


def _codes(call: ast.Call) -> list[ast.expr]:
    return [word.value for word in call.keywords if word.arg == "code"]


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def codes_settled() -> set[str]:
    """The causes that conductors write down themselves: `Settled(state, cause)`, and constants in capitals."""
    settled = {text for call in calls(*CONDUCTORS) if named(call) == "Settled" for text in texts(call.args[1:2])}
    constants = (
        node.value
        for file in files(*CONDUCTORS)
        for node in _parsed(file).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
    return settled | set(texts(constants))


def codes_in_sql() -> set[str]:
    """The causes that the shelves write: `cause = '…'`, that of a lost worker and of an address that is gone."""
    stored = "".join(file.read_text("utf-8") for file in files("service/store") if "migrations" not in file.parts)
    return set(re.findall(r"cause = '(\w+)'", stored)) | {"worker_lost", "no_endpoint"}


def test_every_cause_has_words_for_people_and_for_the_api() -> None:
    raised = codes_raised()
    assert {"kommo_rejected", "kommo_crowd", "road_closed", "unreachable", "secret_unreadable", "gone"} <= raised
    settled = codes_settled()
    assert {"filter", "undone", "worker_lost", "fault_of_ours", "mapping_unreadable"} <= settled
    in_sql = codes_in_sql()
    assert {"undone", "automation_deleted"} <= in_sql
    every = raised | settled | in_sql | OURS_OF_A_FAULT
    assert every - set(CAUSES) == set()
    assert every - set(causes.CAUSES) == set()
    assert set(causes.CAUSES) - set(CAUSES) == {"overtaken"}


def test_every_class_of_fault_has_words() -> None:
    codes = {text for file in files("service/errors.py") for node in ast.walk(_parsed(file)) for text in _class(node)}
    assert codes == OURS_OF_A_FAULT


def _class(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        yield from texts(line.value for line in node.body if isinstance(line, ast.Assign))


def test_every_trigger_state_and_reason_has_words(app: Flask) -> None:
    assert set(automation_words.TRIGGERS) == set(Trigger)
    tables = (automation_words.STATES, automation_words.MEANINGS, automation_words.ICONS, automation_words.MOODS)
    assert all(set(table) == set(STATES) for table in tables)
    assert set(automation_words.OUTCOMES) == {*STATES, "lost"}
    assert set(OVERTAKEN) == set(Overtaken)
    drawn = set(re.findall(r'<symbol id="([^"]+)"', Path(f"{app.static_folder}/icons.svg").read_text("utf-8")))
    assert set(automation_words.ICONS.values()) <= drawn


def test_triggers_are_called_in_portuguese_as_the_integrators_list_has_them(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "pt"}):
        named_there = {one: meaning.label.lower() for one, meaning in MEANING.items() if meaning.code}
        assert {one: automation_words.trigger_name(one).lower() for one in named_there} == named_there


def test_every_decision_has_words() -> None:
    known = [automation_words.LEAD_BY, automation_words.CONTACT_BY, automation_words.COMPANY_BY]
    assert {why for table in known for why in table} == set(looking.Why)
    assert set(automation_words.MOVES) == set(stages.Move)
    assert set(automation_words.KINDS) == set(map(str, Kind))


def whys() -> set[str]:
    """Why the connector leaves things out, with every gap filled: what it says, and the name of its function."""
    found = set()
    for call in calls("service/connectors/kommo"):
        if named(call) in ("leave_out", "Unfit", "Priced"):
            found |= {_filled(one) for one in call.args}
    return {text for text in found if text}


def _filled(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "XYZ" for part in node.values)  # type: ignore[misc]  # constants of texts are texts
    return ""


FIELD_NAMES = {"price", "stage"}


def test_everything_that_is_left_out_is_told_in_the_readers_language(app: Flask) -> None:
    said = whys() - FIELD_NAMES
    assert {"not a number", "in XYZ, the account is in XYZ", "nothing can be appended to a price"} <= said
    for language in ("pt", "es"):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert [why for why in said if automation_words.left_out(why) == why] == []


def test_a_reason_nobody_foresaw_is_shown_as_it_came(app: Flask) -> None:
    with app.test_request_context():
        assert automation_words.left_out("never heard of") == "never heard of"
        told = cause_told("never_heard_of")
        assert told is not None
        assert told.what == "never heard of"


def a_failure(operator: str, reason: str = "differs", wanted: Any = "Curso X", seen: Any = "Curso Y") -> dict[str, Any]:
    return Failure("product_name", operator, wanted, seen, reason)._asdict()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operator_and_reason_makes_a_whole_sentence(app: Flask, language: str) -> None:
    reasons = set(re.findall(r"`(\w+)`", judging.Failure.__doc__ or ""))
    assert {"met", "only_day_known", "other_currency"} <= reasons
    with app.test_request_context(headers={"Accept-Language": language}):
        spoken = {one: automation_words.reason(a_failure(one)).sentence for one in filters.Operator}
        assert len(set(spoken.values())) == len(filters.Operator)
        spoken |= {one: automation_words.reason(a_failure("equals", one)).sentence for one in reasons}
        assert all(said and "%(" not in said and said not in reasons for said in spoken.values()), spoken


REAIS, EUROS = {"amount": "97.00", "currency": "BRL"}, {"amount": "9.5", "currency": "EUR"}
SPOKEN = (
    (a_failure("equals"), "Tinha de ser “Curso X”, mas é “Curso Y”."),
    (a_failure("equals", "empty", seen=None), "Tinha de ser “Curso X”, mas é vazio."),
    (a_failure("one_of", wanted=["A", "B"]), "Tinha de ser um destes: “A”, “B”; mas é “Curso Y”."),
    (
        a_failure("more", "other_currency", REAIS, EUROS),
        "Não dá para comparar com R$ 97,00: é € 9,50, em outra moeda.",
    ),
    (
        a_failure("since", wanted="2026-07-02", seen="2026-07-01T12:00:00+00:00"),
        "Tinha de ser 2 de jul. de 2026 ou depois, mas é 01/07/2026 09:00.",
    ),
    (a_failure("equals", wanted=True, seen=False), "Tinha de ser sim, mas é não."),
)


def test_a_reason_says_what_was_wanted_and_what_was_seen(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "pt"}):
        told = [automation_words.reason(failure) for failure, _ in SPOKEN]
        assert {one.field for one in told} == {"Produto: Nome"}
        assert [one.sentence.replace("\xa0", " ") for one in told] == [said for _, said in SPOKEN]


def tables() -> Iterator[tuple[str, Any]]:
    """Every text of the two modules, by where it stands."""
    for module in (automation_causes, automation_words):
        for name, table in vars(module).items():
            if name.isupper() and isinstance(table, dict) and name not in ("ICONS", "MOODS"):
                for code, told in table.items():
                    for text in told if isinstance(told, tuple) else [told]:
                        if text is not None:
                            yield f"{name}.{code}", text


SAME_EVERYWHERE = {"TRIGGERS.chargeback", "KINDS.leads", "SAME"}


@pytest.mark.parametrize("language", ["pt", "es"])
def test_every_sentence_is_said_in_the_other_languages_and_not_in_english(app: Flask, language: str) -> None:
    for place, text in tables():
        with app.test_request_context(headers={"Accept-Language": "en"}):
            english = str(text)
        with app.test_request_context(headers={"Accept-Language": language}):
            assert str(text) != english or place in SAME_EVERYWHERE, f"{place} in {language}: run make words"


def test_what_is_waited_out_is_a_persons_once_it_is_given_up(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        for cause in ("unreachable", "kommo_trouble", "kommo_too_much", "not_taken"):
            waiting, ended = cause_told(cause, None, "failed"), cause_told(cause, None, "given_up")
            assert waiting is not None
            assert ended is not None
            assert "Send it again" in str(ended.remedy) != str(waiting.remedy)
