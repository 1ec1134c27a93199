"""How the list of clients is asked for, in addresses of pages and of the API alike."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas.asking import LONGEST_CURSOR, Bound, Mark, Written
from schemas.resources import StatusWord
from service.domain.after_sale import WORDS_OF

SORTS = r"last_seen|first_seen|name|purchases|revenue-[A-Z]{3}"
MOST_SKIPPED = 10_000
CURRENCY = validate.Regexp(r"[A-Z]{3}\Z", error="Write an ISO 4217 code such as BRL.")


class ListPlace(fields.Field[Any]):
    """Where a page ends, as it was given in `X-Pagination`: (value, id). Nothing to be read from outside."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        at, number = value
        return urlsafe_b64encode(json.dumps([at, number.hex]).encode()).decode().rstrip("=")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, UUID]:
        try:
            given = str(value)[:LONGEST_CURSOR]
            at, number = json.loads(urlsafe_b64decode(given + "=" * (-len(given) % 4)))
            if not isinstance(at, str) or "\x00" in at:
                raise ValueError("no place in a list")
            at.encode()
            return at, UUID(number)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ValidationError("Give back `next` or `previous` as it was given.") from error


class Sum(fields.Field[Any]):
    """An amount of money to compare with: `1234.56`, or `1234,56` as people type it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        try:
            amount = Decimal(str(value).strip().replace(",", "."))
        except InvalidOperation as error:
            raise ValidationError("Write an amount such as 1234.56.") from error
        if not amount.is_finite() or not 0 <= amount < 10**12:
            raise ValidationError("Write an amount from 0.")
        return amount


class ClientListFilter(Schema):
    """Which clients. Days are those of the account; a day that ends a period is in it, a moment is out."""

    q = Mark(metadata={"description": "words of name or e-mail by their beginnings; digits of a phone or document"})
    email = Mark(metadata={"description": "exactly this e-mail, or one that was merged into another"})
    product = Mark(metadata={"description": "id of a product they bought, or its name where it has no id"})
    status = StatusWord(metadata={"description": "status of any of their purchases"})
    currency = fields.String(validate=CURRENCY, metadata={"description": "of `least` and `most`"})
    least = Sum(metadata={"type": "string", "description": "active revenue in `currency`, at least"})
    most = Sum(metadata={"type": "string", "description": "active revenue in `currency`, at most"})
    first_since = Bound(data_key="first_from", metadata={"description": "first purchase, from a day or moment"})
    first_until = Bound(data_key="first_to")
    last_since = Bound(data_key="last_from", metadata={"description": "last purchase, from a day or moment"})
    last_until = Bound(data_key="last_to")
    country = fields.String(validate=validate.Regexp(r"[A-Z]{2}\Z"), metadata={"description": "ISO 3166 alpha-2"})
    subscription = fields.String(validate=validate.OneOf(list(WORDS_OF)))
    opportunity = fields.Boolean(metadata={"description": "with an open opportunity, or without"})
    import_id = fields.Integer(data_key="import", validate=validate.Range(1, 2**63 - 1))
    tag = Mark()
    sort = fields.String(
        load_default="last_seen",
        validate=validate.Regexp(rf"(?:{SORTS})\Z", error="Is no order."),
        metadata={"description": "`revenue-BRL` lists those with money in BRL, the most first"},
    )
    order = fields.String(validate=validate.OneOf(("asc", "desc")))


class ClientListQuery(ClientListFilter):
    """One page of clients: after or before a place, or by its number."""

    after = ListPlace(metadata={"type": "string", "description": "`next` of the page before"})
    before = ListPlace(metadata={"type": "string", "description": "`previous` of the page after"})
    page = fields.Integer(validate=validate.Range(1), metadata={"description": "far pages are reached with `after`"})
    page_size = fields.Integer(load_default=10, validate=validate.Range(1, 500))

    @validates_schema
    def reachable(self, asked: dict[str, Any], **kwargs: Any) -> None:
        """A far page by its number would have to read all those before it."""
        if (asked.get("page", 1) - 1) * asked["page_size"] > MOST_SKIPPED:
            raise ValidationError(f"Go on with `after` beyond {MOST_SKIPPED} clients.", "page")


class ClientFile(ClientListFilter, Written):
    """Clients as a file."""
