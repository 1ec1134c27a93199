"""Why a column was given its field, or was not: one stable code and one sentence each.

As in `faults`, translations hang on the codes, and the facts carry the values in the sentence.
"""

from __future__ import annotations

from typing import NamedTuple

from service.sources.sheet.fields import FIELD_OF

REASONS = {
    "unknown": "No known field has this name",
    "hotmart_header": "Same header as in Hotmart's export",
    "known_name": "A known name of this field",
    "by_neighbours": "This name has two meanings; the other headers decide",
    "everyday_word": "An everyday word for it, and the values agree",
    "values_disagree": "An everyday word for it, but the values do not show it",
    "taken": "Another column already gives the {field}",
    "remembered": "Mapped so the last time a file had these headers",
    "beside_amount": "The currency of {header}, beside it",
    "only_currency": "The only currency there is",
    "email_values": "The values look like e-mail addresses",
    "transaction_values": "The values look like Hotmart transaction codes",
    "status_values": "The values are statuses of sales",
    "similar_name": "The name is nearly a known name of {field}",
}


class Reason(NamedTuple):
    """A key of `REASONS`, with the field or the other header its sentence names."""

    code: str
    facts: dict[str, str]

    @property
    def sentence(self) -> str:
        """The reason in English."""
        shown = {name: FIELD_OF[value].en.lower() if name == "field" else value for name, value in self.facts.items()}
        return REASONS[self.code].format(**shown)


def because(code: str, **facts: str) -> Reason:
    """A reason with the values in it: `field` is the id of one, `header` is as in the file."""
    return Reason(code, facts)
