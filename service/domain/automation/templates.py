r"""Templates: texts with fields in them, `{{Produto: Nome}} de {{Comprador: Primeiro nome | title}}`.

A field goes by its label or key; formats follow it after `|`, their arguments after `:`, parted by `,` and in `"…"`
where they hold such signs. `\{{` is a plain `{{`. A template is data: it names fields and formats of fixed lists,
what it inserts is never read again, and its length is bounded on every side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import NamedTuple

from service.domain.automation import formats
from service.domain.automation.catalogue import CATALOGUE
from service.domain.automation.fields import Field
from service.domain.automation.formats import DEFAULT, Format, Unusable
from service.domain.automation.locales import Language, Setting, plain_text
from service.domain.automation.values import FieldType, Value, Values
from service.domain.money import Money

LONGEST_TEMPLATE, MOST_PLACEHOLDERS, LONGEST_VALUE, LONGEST_TEXT = 10_000, 100, 5_000, 20_000
MOST_FORMATS, MOST_ADVICE, SHOWN = 10, 5, 80

_OPENING = re.compile(r"(?P<plain>\\\{\{)|\{\{")
_INSIDE = re.compile(r'"[^"]*"|(?P<end>\}\})|(?P<cut>\|)|.', re.DOTALL)
_ARGUMENT = re.compile(r'"[^"]*"|(?P<comma>,)|.', re.DOTALL)
_UNSEEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


class Fault(NamedTuple):
    """One thing wrong with a template: the place of the sign where it begins (from 0), what, and what was meant."""

    at: int
    code: str
    seen: str
    suggestion: str | None = None


class TemplateError(ValueError):
    """A template that cannot be understood; `faults` says everything that is wrong with it, in order."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{one.at}: {one.code} ({one.seen})" for one in faults))
        self.faults = tuple(faults)


class Step(NamedTuple):
    """One format with its arguments."""

    format: Format
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A field to be inserted, and what is done with its value on the way."""

    field: Field
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was understood: its text, and the same in parts."""

    text: str
    parts: tuple[str | Placeholder, ...]

    def fields(self) -> list[Field]:
        """The fields it inserts, each once, in order."""
        return list({one.field.key: one.field for one in self.parts if isinstance(one, Placeholder)}.values())


class Rendered(NamedTuple):
    """A text, and the labels of the fields that had nothing to give. `cut` tells that it had to be shortened."""

    text: str
    missing: tuple[str, ...]
    cut: bool = False


def parse(text: str) -> Template:
    """The template this text is. Raises TemplateError with every fault and its place."""
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateError([Fault(LONGEST_TEMPLATE, "too_long", str(len(text)))])
    parts: list[str | Placeholder] = []
    faults: list[Fault] = []
    pieces = [*_pieces(text)]
    if sum(isinstance(piece, list) for _, piece in pieces) > MOST_PLACEHOLDERS:
        raise TemplateError([Fault(0, "too_many_fields", str(MOST_PLACEHOLDERS))])
    for at, piece in pieces:
        try:
            parts.append(piece if isinstance(piece, str) else _placeholder(piece, at))
        except TemplateError as fault:
            faults += fault.faults
    if faults:
        raise TemplateError([*map(_advised, faults[:MOST_ADVICE]), *faults[MOST_ADVICE:]])
    return Template(text, tuple(parts))


def _advised(fault: Fault) -> Fault:
    """The fault with what was probably meant; looking for that takes a while, so only the first ones have it."""
    return fault._replace(suggestion=CATALOGUE.suggest(fault.seen)) if fault.code == "unknown_field" else fault


class _Cut(NamedTuple):
    """One stretch between `|` signs, and where it begins."""

    at: int
    text: str


def _pieces(text: str) -> Iterator[tuple[int, str | list[_Cut]]]:
    """Plain text, and the stretches of each placeholder, with their places."""
    here = 0
    while opening := _OPENING.search(text, here):
        if opening.start() > here:
            yield here, text[here : opening.start()]
        if opening["plain"]:
            yield opening.start(), "{{"
            here = opening.end()
            continue
        cuts, here = _inside(text, opening.end())
        yield opening.start(), cuts
    if text[here:]:
        yield here, text[here:]


def _inside(text: str, here: int) -> tuple[list[_Cut], int]:
    """The stretches of a placeholder, and the place after its end; no stretches where it never ends."""
    cuts: list[_Cut] = []
    began = here
    for sign in _INSIDE.finditer(text, here):
        if sign["end"] or sign["cut"]:
            cuts.append(_Cut(began, text[began : sign.start()]))
            began = sign.end()
        if sign["end"]:
            return cuts, sign.end()
    return [], len(text)


def _placeholder(cuts: list[_Cut], at: int) -> Placeholder:
    if not cuts:
        raise TemplateError([Fault(at, "never_closed", "{{")])
    if len(cuts) > MOST_FORMATS:
        raise TemplateError([Fault(at, "too_many_formats", str(len(cuts) - 1))])
    name = cuts[0].text.strip()
    field = CATALOGUE.find(name)
    faults = [] if field else [_unknown(_begin(cuts[0]), name)]
    steps: list[Step] = []
    for cut in cuts[1:]:
        try:
            steps.append(_step(cut, field, first=not any(step.format is not DEFAULT for step in steps)))
        except TemplateError as fault:
            faults += fault.faults
    if field is None or faults:
        raise TemplateError(faults)
    return Placeholder(field, tuple(steps))


def _begin(cut: _Cut) -> int:
    return cut.at + len(cut.text) - len(cut.text.lstrip())


def _unknown(at: int, name: str) -> Fault:
    if not name:
        return Fault(at, "field_missing", "{{}}")
    return Fault(at, "unknown_field", name[:SHOWN])


def _step(cut: _Cut, field: Field | None, *, first: bool) -> Step:
    """One format; `first` where no other has made a text of the value before."""
    name, colon, rest = cut.text.partition(":")
    name, at = name.strip(), _begin(cut)
    found = formats.find(name)
    if found is None:
        raise TemplateError([Fault(at, "unknown_format", name[:SHOWN], formats.suggest(name[:SHOWN]))])
    arguments = _arguments(rest) if colon else ()
    if found.takes is not None and field is not None and (not first or field.type not in found.takes):
        kind = field.type if first else FieldType.TEXT
        raise TemplateError([Fault(at, "format_of_another_type", f"{found.name} of {kind}")])
    least, most = found.arguments
    if not least <= len(arguments) <= most:
        raise TemplateError([Fault(at, "wrong_number_of_arguments", str(len(arguments)))])
    try:
        found.check(arguments)
    except Unusable as fault:
        raise TemplateError([Fault(at, fault.code, rest.strip()[:SHOWN])]) from None
    return Step(found, arguments)


def _arguments(text: str) -> tuple[str, ...]:
    """What lies between the commas; an argument in quotes is taken as it is."""
    commas = [sign for sign in _ARGUMENT.finditer(text) if sign["comma"]]
    begins, ends = [0, *(sign.end() for sign in commas)], [*(sign.start() for sign in commas), len(text)]
    return tuple(_unquoted(text[begin:end].strip()) for begin, end in zip(begins, ends, strict=True))


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def render(template: Template, values: Values, locale: Language = Language.PT, zone: tzinfo = UTC) -> Rendered:
    """The text with its fields; one without a value is empty and told of, unless a default stands for it."""
    setting = Setting(locale, zone)
    missing: dict[str, None] = {}
    written: list[str] = []
    for part in template.parts:
        inserted = part if isinstance(part, str) else _inserted(part, values.get(part.field.key), setting)
        if inserted is None and isinstance(part, Placeholder):
            missing[part.field.label] = None
        written.append(inserted or "")
    text = "".join(written)
    return Rendered(text[:LONGEST_TEXT], tuple(missing), len(text) > LONGEST_TEXT)


def _inserted(one: Placeholder, value: Value | None, setting: Setting) -> str | None:
    """The text of one field; None where there is neither value nor default."""
    for step in one.steps:
        if step.format is DEFAULT:
            value = step.arguments[0] if value is None or value == "" else value
        elif value is not None:
            asked = step.format.takes is not None
            value = step.format.apply(
                value if asked else plain_text(value, one.field.style, setting), step.arguments, setting
            )
    if value is None:
        return None
    return plain_text(value, one.field.style, setting).translate(_UNSEEN)[:LONGEST_VALUE]


def amount(template: Template, values: Values) -> Money | None:
    """The amount a template stands for; None where it gives none.

    A single field of money gives its amount with its currency; any other text must be a plain number
    (`1997.00`), whose currency nobody told.
    """
    single = template.parts[0] if len(template.parts) == 1 else None
    if isinstance(single, Placeholder) and all(step.format is DEFAULT for step in single.steps):
        value = values.get(single.field.key)
        if isinstance(value, Money):
            return value
    text = render(template, values).text.strip()
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", text, re.ASCII):
        return None
    return Money(Decimal(text), None)
