"""JSON logs, one line per event, bound to their request, delivery or job; never a person's or a secret's text.

Every record passes the same mask, ours and those of gunicorn, RQ and SQLAlchemy, exception texts
included: e-mails, tokens and long runs of digits (documents, phones, cards) are replaced, and the
words that hold bodies or personal fields lose their value. Tracebacks carry no local variables, and of
most faults no text either: `KeyError: 'Ana Lima'` quotes a row, and no mask knows a name.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

IDS = {"request_id", "delivery_id", "job_id", "account_id", "import_id"}
"""Numbers and identifiers of ours: the only long digits that stay readable."""

OURS = IDS | {"timestamp", "level", "logger", "process", "lane"}

SECRET_WORD = re.compile(
    r"body|payload|e_?mail|document|cpf|cnpj|phone|telefone|token|hottok|secret|password|authorization|cookie|api_?key"
    r"|(^|_)(name|address|buyer|row|rows|cells|values|params|parameters)$",
    re.IGNORECASE,
)

SECRET_VALUE = re.compile(
    r"([\w-]*(?:hottok|token|secret|password|api[_-]?key|authorization)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)}]+",
    re.IGNORECASE,
)

SPEAKING = {"OSError", "OperationalError", "RedisError", "Misconfigured"}
"""Faults whose text is about machines, never about people: connections, files, settings."""

MASKS = (
    # gunicorn quotes the line it could not read, and the address with its query.
    (re.compile(r"(?s)(Invalid request from ip=\S*: ).*"), r"\1[dropped]"),
    (re.compile(r"(Error handling request (?:[A-Z]+ )?)/\S*"), r"\1[path]"),
    # `DETAIL: Key (email)=(…)` and `CONTEXT: COPY …, line 3: "…"` of PostgreSQL repeat a row's content.
    (re.compile(r"(?im)^(\s*)(DETAIL|CONTEXT|HINT|QUERY|PARAMETERS):.*$"), r"\1\2: [dropped]"),
    (re.compile(r"(?i)(://[^\s:/@]*):[^\s@/]+@"), r"\1:[secret]@"),
    (re.compile(r"(?i)[^\s@<>()\[\]\"'=,;:]+(?:@|%40)[^\s@<>()\[\]\"',;:]+"), "[email]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 [secret]"),
    (SECRET_VALUE, r"\1[secret]"),
    # Eight digits or more, also as people write them: 123.456.789-09, +55 (11) 91234-5678.
    (re.compile(r"(?<!\w)\+?(?:\d{1,3} ?)?(?:\(\d{2,3}\) ?)?\d(?:[ .\-/]?\d){7,}|\d{8,}"), "[digits]"),
)

IDENTIFIER = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def configure(level: str = "INFO") -> None:
    """Send everything this process logs to standard output as masked JSON; `level` is a name of logging."""
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(formatter())
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    for chatty in ("rq.worker", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*_before_mask(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """The one way a record becomes a line, for structlog's records and for those of other libraries."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_before_mask(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(lambda raised: traceback_of(raised[1])),
            masked_event,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def _before_mask() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Within the block every line carries these (`request_id=…`, `delivery_id=…`, `job_id=…`)."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def masked_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last thing that happens to a record before it is written."""
    return {_masked_key(name): _masked_field(name, value) for name, value in event.items()}


def traceback_of(fault: BaseException | None) -> str:
    """Where it broke and what kind of fault it was, causes first; masked, and without texts that may quote a row."""
    told: list[str] = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        speaks = SPEAKING & {kind.__name__ for kind in type(fault).__mro__}
        lines = traceback.format_tb(fault.__traceback__)
        told.append("".join(lines) + type(fault).__qualname__ + (f": {mask(str(fault))}" if speaks else ""))
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "\n\nwhich led to\n\n".join(reversed(told))


def mask(text: str) -> str:
    """The text without e-mails, tokens, long digit runs and PostgreSQL's row contents."""
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def _masked_key(name: object) -> str:
    return name if isinstance(name, str) and name in OURS else mask(str(name))


def _masked_field(name: object, value: Any) -> Any:
    if name in IDS and (isinstance(value, int) or IDENTIFIER.fullmatch(str(value))):
        return value
    if name in OURS or name in ("event", "exception", "stack"):
        return _masked_value(value)
    if isinstance(name, str) and SECRET_WORD.search(name):
        return "[dropped]"
    return _masked_value(value)


def _masked_value(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if abs(value) < 10**7 else "[digits]"
        case bytes() | bytearray() | memoryview():
            return "[bytes]"
        case Mapping():
            return _masked_mapping(value)
        case list() | tuple() | set() | frozenset():
            return [_masked_value(one) for one in value]
        case _:
            return mask(str(value))


def _masked_mapping(value: Mapping[Any, Any] | MutableMapping[Any, Any]) -> dict[str, Any]:
    return {_masked_key(name): _masked_field(name, inner) for name, inner in value.items()}
