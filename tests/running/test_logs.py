"""Logs are JSON lines; canaries planted in every place a record has never come out."""

from __future__ import annotations

import io
import json
import logging
import re
import sys

import pytest
import structlog

from service import logs

CANARIES = {
    "e-mail": "ana.canario+loja@example.com",
    "encoded e-mail": "ana.canario%40example.com",
    "CPF": "123.456.789-09",
    "bare CPF": "12345678909",
    "CNPJ": "12.345.678/0001-95",
    "phone": "+55 (11) 91234-5678",
    "local phone": "11 91234 5678",
    "card": "4111 1111 1111 1111",
    "hottok": "hottok=s3cr3t-Kanarie-1234abcd",
    "header": "X-HOTMART-HOTTOK: s3cr3t-Kanarie-1234abcd",
    "bearer": "Authorization: Bearer marco_kanarie_abcdef",
    "JSON token": '{"hottok": "s3cr3t-Kanarie-1234abcd"}',
    "database password": "postgresql://marco:s3cr3t-Kanarie@db.example.com/marco",
    "row detail": "duplicate key\nDETAIL:  Key (name)=(Ana Canario) already exists.",
    "row context": "invalid input\nCONTEXT:  COPY rows, line 1, column name: Ana Canario",
}
SECRETS = ["canario", "kanarie", "789-09", "12345678909", "0001-95", "91234", "1111"]


@pytest.fixture
def lines(monkeypatch):
    """What was logged, as one text and as parsed lines; logging is as before afterwards."""
    root, output = logging.getLogger(), io.StringIO()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr(sys, "stdout", output)
    logs.configure("INFO")

    def read() -> tuple[str, list[dict[str, object]]]:
        text = output.getvalue()
        return text, [json.loads(line) for line in text.splitlines()]

    yield read
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def clean(text: str) -> bool:
    told = re.sub(r'"timestamp": "[^"]*"', "", text.lower())  # its digits are anybody's
    return not [secret for secret in SECRETS if secret in told]


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_a_canary_never_comes_out_wherever_it_is_put(lines, canary):
    ours = structlog.get_logger("service.somewhere")
    ours.info("kept", reason=canary, nested={"inner": [canary], canary: 1})
    ours.warning(f"about {canary}")
    logging.getLogger("sqlalchemy.engine").warning("theirs: %s", canary)
    try:
        raise ValueError(canary)
    except ValueError:
        ours.exception("broke")
        logging.getLogger("rq.worker").exception("theirs broke")
    text, parsed = lines()
    assert clean(text), text
    assert len(parsed) == 5


@pytest.mark.parametrize(
    "word", ["body", "payload", "email", "buyer_email", "document", "phone", "hottok", "token", "name"]
)
def test_a_word_that_holds_a_person_or_a_secret_loses_its_value(lines, word):
    structlog.get_logger().info("kept", **{word: "Ana Canario"})
    text, (line,) = lines()
    assert clean(text)
    assert line[word] == "[dropped]"


def test_numbers_that_could_be_a_phone_or_a_document_are_masked_and_ids_of_ours_are_not(lines):
    structlog.get_logger().info("kept", delivery_id=12345678909, rows=3, seen=12345678909)
    _, (line,) = lines()
    assert (line["delivery_id"], line["seen"]) == (12345678909, "[digits]")


def test_tracebacks_say_where_but_not_with_which_values(lines):
    canary = "Ana Canario"

    def breaks(whom: str) -> None:
        raise KeyError(len(whom))

    try:
        breaks(canary)
    except KeyError:
        structlog.get_logger().exception("broke")
    text, (line,) = lines()
    assert "breaks" in str(line["exception"])
    assert "Ana Canario" not in text.replace('canary = "Ana Canario"', "")


def test_every_line_within_a_block_carries_its_ids(lines):
    with logs.bound(request_id="0f" * 16, delivery_id=7):
        structlog.get_logger().info("ours")
        logging.getLogger("werkzeug").info("theirs")
    structlog.get_logger().info("after")
    _, (ours, theirs, after) = lines()
    assert ours["request_id"] == theirs["request_id"] == "0f" * 16
    assert ours["delivery_id"] == theirs["delivery_id"] == 7
    assert "request_id" not in after


def test_a_line_names_its_moment_level_and_logger(lines):
    logging.getLogger("gunicorn.error").warning("Listening at: http://127.0.0.1:8000")
    _, (line,) = lines()
    assert (line["level"], line["logger"]) == ("warning", "gunicorn.error")
    assert str(line["timestamp"]).endswith("Z")
    assert line["event"] == "Listening at: http://127.0.0.1:8000"
