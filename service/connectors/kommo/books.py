"""What is set up in an account of Kommo, as JSON: kept between processes, and shown to who builds an automation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service.connectors.kommo.prices import Prices
from service.connectors.kommo.shapes import Account, Field, Kind, Option, Pipeline, Stage, User
from service.connectors.kommo.wishes import Book

FINGERPRINT_NAME = "Transação Hotmart"
FINGERPRINT = FINGERPRINT_NAME.casefold()
"""The lead field by which we find a lead again, unless an automation names another one."""

Json = dict[str, Any]


def as_json(book: Book, users: Iterable[User] = ()) -> Json:
    """A book to keep."""
    return {
        "account": book.account._asdict(),
        "pipelines": [{**one._asdict(), "stages": [stage._asdict() for stage in one.stages]} for one in book.pipelines],
        "fields": {
            str(kind): [{**one._asdict(), "options": [option._asdict() for option in one.options]} for one in fields]
            for kind, fields in book.fields.items()
        },
        "minor_units": book.prices.minor_units,
        "users": [user._asdict() for user in users],
    }


def book_of(kept: Json) -> Book:
    """The book that was kept. Raises KeyError or TypeError for one of another form."""
    account = Account(**kept["account"])
    return Book(
        account=account,
        pipelines=tuple(
            Pipeline(**{**one, "stages": tuple(Stage(**stage) for stage in one["stages"])}) for one in kept["pipelines"]
        ),
        fields={
            Kind(kind): tuple(
                Field(**{**one, "options": tuple(Option(**option) for option in one["options"])}) for one in fields
            )
            for kind, fields in kept["fields"].items()
        },
        prices=Prices(account.currency, kept["minor_units"]),
    )


def fingerprint_field(book: Book) -> int | None:
    """The text field of leads called "Transação Hotmart"; None where nobody made one."""
    texts = (one for one in book.fields[Kind.LEADS] if one.type in ("text", "textarea"))
    return next((one.id for one in texts if one.name.strip().casefold() == FINGERPRINT), None)
