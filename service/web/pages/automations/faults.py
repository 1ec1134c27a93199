"""What can be wrong with a filter or a template, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

WORDS: dict[str, LazyString] = {
    # conditions
    "operator_of_another_type": _l("This field cannot be compared in this way."),
    "unknown_operator": _l("Choose how to compare."),
    "value_missing": _l("Write what to compare with."),
    "not_a_list": _l("Write at least one value, each on a line of its own."),
    "too_many_choices": _l("There may be 200 values at most."),
    "not_a_number": _l("Write a number, such as 1997.00."),
    "not_an_amount_with_currency": _l("Write an amount, such as 1997.00."),
    "not_a_currency": _l("Choose the currency of the amount."),
    "not_a_date": _l("Choose a day."),
    "time_without_zone": _l("Write the moment with its time zone, such as 2026-07-02T12:00:00-03:00."),
    "not_true_or_false": _l("Choose yes or no."),
    "not_a_text": _l("Write a text."),
    "too_long": _l("This is too long."),
    "too_deep": _l("The groups are nested too deep."),
    "too_many_conditions": _l("A filter may have 100 conditions at most."),
    # templates
    "field_missing": _l("Write the name of a field between {{ and }}."),
    "never_closed": _l("A field begins with {{ and is never closed with }}."),
    "too_many_fields": _l("A text may have 100 fields at most."),
    "too_many_formats": _l("A field may have 9 formats at most."),
    "format_of_another_type": _l("This format does not fit this field: %(seen)s."),
    "wrong_number_of_arguments": _l("This format wants another number of values after the colon."),
    "unknown_zone": _l("There is no such time zone: %(seen)s."),
    "no_part_of_a_date": _l("Write the parts of a date, such as DD/MM/AAAA."),
    "not_a_length": _l("Write a number from 1 to 5,000 after limit:."),
    # mapping
    "missing": _l("This is needed."),
    "too_many": _l("These are too many."),
    "not_a_whole_number": _l("Write a whole number."),
    "pipeline_and_stage_belong_together": _l("Choose a stage."),
}
UNKNOWN: dict[str, LazyString] = {
    "unknown_field": _l("There is no field called “%(seen)s”."),
    "unknown_format": _l("There is no format called “%(seen)s”."),
}


def words_of(code: str, seen: str = "", suggestion: str | None = None) -> str:
    """What is wrong, and what was probably meant; a code nobody wrote words for is shown as it is."""
    if code == "unknown_field" and not seen.strip("' "):
        return str(_("Choose a field."))
    said = str(UNKNOWN.get(code) or WORDS.get(code) or code.replace("_", " "))
    said = said % {"seen": seen} if "%(seen)s" in said else said
    if not suggestion:
        return said
    return said + " " + str(_("Did you mean “%(suggestion)s”?", suggestion=suggestion))
