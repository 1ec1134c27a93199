"""What an automation sends to a webhook: names chosen by the receiver's owner, each with a template; or everything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from service.domain.automation.mapping import Fault, MappingError, Reader
from service.domain.automation.templates import Placeholder, Template, parse, render
from service.domain.automation.values import Value, Values

MOST_FIELDS = 200
NAME = re.compile(r"[\w.:-]{1,80}")
"""What a field of the message may be called; anything JSON libraries and no-code tools take without quoting."""


class Pair(NamedTuple):
    """One field of the message."""

    key: str
    template: Template


def read(raw: Any) -> tuple[Pair, ...]:
    """The pairs that stored or posted JSON describes, `{"fields": [{"key", "template"}]}`; none: all fields are sent.

    Raises MappingError with every fault.
    """
    if not isinstance(raw, dict):
        raise MappingError([Fault("", "not_an_object")])
    reader, pairs = Reader(raw), list[Pair]()
    for part in reader.parts("fields", MOST_FIELDS):
        pair = _pair(part)
        if pair.key in [one.key for one in pairs]:
            part.fault("key", "named_twice", pair.key)
        pairs.append(pair)
    reader.refuse_strange_names()
    if reader.faults:
        raise MappingError(reader.faults)
    return tuple(pairs)


def _pair(part: Reader) -> Pair:
    key = part.word("key")
    if not NAME.fullmatch(key):
        part.fault("key", "not_a_name" if key else "missing", key)
    known = len(part.faults)
    template = part.template("template")
    if template is None and len(part.faults) == known:
        part.fault("template", "missing")
    part.refuse_strange_names()
    return Pair(key, template or parse(""))


def filled(pairs: Sequence[Pair], values: Values, zone: tzinfo = UTC) -> dict[str, Value | None]:
    """The fields of one message, in the order of the pairs; without pairs all that have a value, by their keys.

    A template that is one field and nothing else keeps the type of the field, null where it has no value; any other
    gives a text, in the language of the labels and the account's zone.
    """
    if not pairs:
        return {key: values[key] for key in sorted(values)}
    return {pair.key: _value(pair.template, values, zone) for pair in pairs}


def _value(template: Template, values: Values, zone: tzinfo) -> Value | None:
    single = template.parts[0] if len(template.parts) == 1 else None
    if isinstance(single, Placeholder) and not single.steps:
        return values.get(single.field.key)
    return render(template, values, zone=zone).text
