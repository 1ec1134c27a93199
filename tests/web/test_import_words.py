"""What the reading of files can say, in three languages: every code of its tables, nothing of a sentence lost."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from schemas.imports import IMPORT_STATUSES
from service import desk
from service.domain.fates import POLICIES
from service.errors import Conflict
from service.sources.sheet import faults, headers, problems, questions, reasons
from service.sources.sheet.csv_text import DELIMITERS
from service.store.users import LANGUAGES
from service.web import import_faults, import_words
from service.web.locale import NAMES

ROOT = Path(__file__).resolve().parents[2]
GAP = re.compile(r"\{(\w+)\}")
VALUES = {"field": "paid", "header": "Moeda", "until": "2026-08-01T00:00:00-03:00", "status": "running"}
ANYTHING = "«42»"


@pytest.fixture(params=LANGUAGES)
def language(request, app: Flask) -> Iterator[str]:
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


def calls(*folders: str) -> Iterator[ast.Call]:
    """Every call in the code of some folders or files."""
    for folder in folders:
        path = ROOT / folder
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield from (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))


def named(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def codes_raised(*folders: str) -> set[str]:
    """The codes of errors of ours that are made there: `code="…"`."""
    errors = {"Unprocessable", "Conflict", "Refused", "TooLarge", "_conflict"}
    keywords = (
        word.value for call in calls(*folders) if named(call) in errors for word in call.keywords if word.arg == "code"
    )
    found = {value.value for value in keywords if isinstance(value, ast.Constant)}
    return found | {
        call.args[2].value for call in calls(*folders) if named(call) == "_conflict" and len(call.args) == 3
    }


def codes_asked() -> set[str]:
    return {
        call.args[0].value
        for call in calls("service/sources/sheet/questions.py")
        if named(call) == "_question" and isinstance(call.args[0], ast.Constant)
    }


def facts_of(text: str) -> dict[str, str]:
    """A value for every gap of an English text of the machine's side."""
    return {name: VALUES.get(name, ANYTHING) for name in GAP.findall(text)}


def is_whole(text: str, *, least: int = 3) -> bool:
    return len(text) >= least and "%(" not in text and "{" not in text


IMPORT_CODE = (
    "service/sources/sheet",
    "service/desk.py",
    "service/store/imports.py",
    "service/web/api/uploads.py",
    "workers/uploads.py",
    "workers/pouring.py",
)


def test_every_code_that_can_stop_an_import_has_words():
    raised = codes_raised(*IMPORT_CODE) | {"open_questions"}
    assert {"not_ready", "plan_limit", "field_twice", "canceled", "file_missing"} <= raised
    assert raised | set(faults.MESSAGES) == set(import_faults.FAULTS)


def test_every_code_of_a_row_has_words():
    assert set(problems.PROBLEMS) == set(import_faults.PROBLEMS)


def test_every_phrase_in_a_message_has_words():
    made = {
        call.args[0].value
        for call in calls("service/sources/sheet")
        if named(call) == "phrase" and isinstance(call.args[0], ast.Constant)
    }
    assert made
    assert made <= set(faults.PHRASES) == set(import_faults.PHRASES)


def test_every_question_has_words():
    asked = codes_asked()
    assert {"missing_status", "unknown_status", "ambiguous_dates"} <= asked
    assert asked == set(import_words.QUESTIONS) == set(import_words.QUESTION_HINTS)


def test_every_reason_for_a_column_has_words():
    assert set(reasons.REASONS) == set(import_words.REASONS)


def test_every_status_report_container_and_policy_has_words():
    assert set(IMPORT_STATUSES) == set(import_words.STATUSES) == set(import_words.STATUS_MEANINGS)
    assert set(POLICIES) == set(import_words.POLICIES) == set(import_words.POLICY_MEANINGS)
    assert set(DELIMITERS) == set(import_words.DELIMITERS)
    kinds = {headers.recognise([]), "sales_detailed", "sales_legacy", "subscriptions", "wallet"}
    assert kinds == set(import_words.REPORTS)


def in_english(app: Flask, words: Any) -> str:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        return str(words)


def tables() -> Iterator[tuple[str, Any]]:
    """Every text of the two modules, by where it stands."""
    for module in (import_faults, import_words):
        for name, table in vars(module).items():
            if name.isupper() and isinstance(table, dict):
                for code, told in table.items():
                    for text in told if isinstance(told, tuple) else [told]:
                        yield f"{name}.{code}", text


SAME_EVERYWHERE = {"PHRASES.ods_line", "MARKS.point", "DELIMITERS.\t"}


@pytest.mark.parametrize("language", ["pt", "es"])
def test_every_sentence_is_said_in_the_other_languages_and_not_in_english(app, language):
    for place, text in tables():
        english = in_english(app, text)
        with app.test_request_context(headers={"Accept-Language": language}):
            assert str(text) != english or place in SAME_EVERYWHERE, f"{place} in {NAMES[language]}: run make words"


def test_there_are_many_sentences():
    assert len(list(tables())) > 150


def test_a_fault_loses_nothing_of_its_message(language):
    for code, message in faults.MESSAGES.items():
        problem = {"code": code, "message": "english", "facts": facts_of(message)}
        told = f"{import_words.fault_text(problem)} {import_words.fault_hint(problem)}"
        assert is_whole(told, least=20), code
        assert told.count(ANYTHING) == message.count("{"), code
        assert "english" not in told


def test_a_row_is_told_the_limits_of_its_problem(language):
    for code, (reason, hint) in problems.PROBLEMS.items():
        problem = {"code": code, "reason": "english", "hint": "english", "facts": facts_of(reason)}
        told = f"{import_words.problem_text(problem)} {import_words.problem_hint(problem)}"
        assert is_whole(told, least=20), code
        assert told.count(ANYTHING) == (reason + hint).count("{"), code
        assert "english" not in told


def test_a_phrase_in_a_message_is_translated_too(language):
    for code, phrase in faults.PHRASES.items():
        fault = faults.unreadable("truncated", what=faults.phrase(code, **facts_of(phrase)))
        text, _ = import_words.refusal(fault)
        assert is_whole(text)
        assert text.count(ANYTHING) == phrase.count("{"), code
        assert language == "en" or fault.facts["what"] not in text or code == "ods_line", code


def test_a_reason_names_the_field_or_the_header_it_speaks_of(language):
    for code, sentence in reasons.REASONS.items():
        reason = reasons.because(code, **facts_of(sentence))
        column = {"reason_code": code, "reason": "english", "reason_facts": reason.facts}
        told = import_words.column_reason(column)
        assert is_whole(told)
        assert "english" not in told
        assert ("Moeda" in told) == ("header" in reason.facts)
    taken = reasons.because("taken", field="email")
    told = import_words.column_reason({"reason_code": "taken", "reason": "", "reason_facts": taken.facts})
    assert {"pt": "Email do(a) Comprador(a)", "en": "Buyer email", "es": "Email del Comprador(a)"}[language] in told


def test_what_a_desk_refuses_is_said_with_its_status(language):
    text, hint = import_words.refusal(Conflict("This import is running", code="not_ready", facts={"status": "running"}))
    assert {"pt": "Importando", "en": "Importing", "es": "Importando"}[language] in text
    assert is_whole(hint)


def test_a_plan_says_when_its_count_begins_anew(language):
    facts = {"plan": "free", "limit": "3", "until": "2026-08-01T03:00:00+00:00"}
    text, hint = import_words.refusal(Conflict("full", code="plan_limit", facts=facts))
    assert "3" in text
    assert "free" in text
    assert "2026" in hint


def test_what_an_older_marco_kept_without_values_is_said_in_its_own_words(language):
    kept = {"code": "too_many_rows", "message": "The file has more than 10 rows."}
    assert import_words.fault_text(kept) == "The file has more than 10 rows."
    assert import_words.fault_text({"code": "never_heard_of", "message": "Oh."}) == "Oh."
    assert import_words.fault_hint({"code": "never_heard_of", "message": "Oh."}) == ""
    old = {"code": "too_long", "reason": "is longer than 200 characters", "hint": "Check the column"}
    assert import_words.problem_text(old) == "is longer than 200 characters"
    assert import_words.column_reason({"reason_code": "taken", "reason": "Another one"}) == "Another one"


COLUMN = {
    "position": 2,
    "header": "Situação",
    "field": "status",
    "filled": 5,
    "words": {"Estornado": 2, "Aprovado": 3},
    "numbers": {},
    "dates": {},
    "unclear": [],
    "samples": [],
}


def asked(report_columns: list[dict[str, Any]], mapping: dict[int, str], rows: int = 5) -> list[dict[str, Any]]:
    return questions.open_questions({"columns": report_columns, "rows": rows}, questions.Answers(mapping=mapping))


def test_an_unknown_status_is_asked_with_its_word_and_its_rows(language):
    code = {**COLUMN, "position": 1, "header": "Transação", "field": "transaction", "words": None}
    (question,) = asked([code, COLUMN], {1: "transaction", 2: "status"})
    assert "“Estornado”" in import_words.question_text(question)
    assert "2" in import_words.question_hint(question)
    options = {import_words.option_text(question, option) for option in question["options"]}
    assert len(options) == len(question["options"])
    assert all(map(is_whole, options))


def test_rows_without_a_status_are_counted_in_the_question(language):
    code = {**COLUMN, "position": 1, "header": "Transação", "field": "transaction", "filled": 7, "words": None}
    known = {**COLUMN, "words": {"Aprovado": 5}}
    (question,) = asked([code, known], {1: "transaction", 2: "status"}, rows=7)
    assert import_words.question_text(question).startswith("2 ")
    (question,) = asked([code], {1: "transaction"}, rows=7)
    assert not import_words.question_text(question).startswith("7 ")


def test_amounts_without_currency_are_named(language):
    price = {**COLUMN, "position": 1, "header": "Valor", "field": "paid", "numbers": {"dot": 5}, "words": None}
    code = {**COLUMN, "position": 2, "header": "Transação", "field": "transaction", "words": None}
    answers = questions.Answers(mapping={1: "paid", 2: "transaction"}, status=None)
    found = questions.open_questions({"columns": [price, code], "rows": 5}, answers)
    question = next(one for one in found if one["code"] == "missing_currency")
    assert "“Valor”" in import_words.question_text(question)


def test_a_number_that_reads_both_ways_shows_what_each_answer_makes_of_it(language):
    price = {
        **COLUMN,
        "position": 1,
        "header": "Valor",
        "field": "paid",
        "numbers": {"unclear": 2},
        "unclear": ["1.234"],
    }
    found = asked([price, {**COLUMN, "words": {"Aprovado": 5}}], {1: "paid", 2: "status"})
    question = next(one for one in found if one["code"] == "ambiguous_numbers")
    assert "1.234" in import_words.question_text(question)
    assert import_words.option_text(question, "dot").endswith("1.234 = 1.234")
    assert import_words.option_text(question, "comma").endswith("1.234 = 1234")


def test_a_place_is_told_as_the_spreadsheet_shows_it(language):
    problem = {"row": 12, "header": "Valor", "value": "abc", "code": "not_a_number", "facts": {}}
    assert import_words.problem_place(problem).endswith("“Valor”: “abc”")
    assert "12" in import_words.problem_place(problem)
    assert "7" in import_words.problem_place({"code": "crashed"}, row=7)


def test_every_field_has_a_name_in_every_language(language):
    for field in desk.fields():
        facts = reasons.because("taken", field=field["id"]).facts
        told = import_words.column_reason({"reason_code": "taken", "reason": "", "reason_facts": facts})
        assert field["labels"][language] in told
