"""Rows of files we wrote ourselves: what their ordinary columns cannot hold, in the column `Marco: exact`.

The cell is `name=value` pairs, encoded as in a web address. Such a row repeats what we knew, and so it never
outranks what it was made from: it speaks a moment before the newest it repeats, and no more than guessed.
Whatever a person changed in an ordinary cell is read from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

from service.domain.facts import Fields
from service.domain.mentions import CLIENT_FIELDS
from service.sources.sheet.problems import Unreadable
from service.sources.sheet.values import BLANKS, LONGEST_TEXT

Said = Mapping[str, str]
UNSEEN = ("xcod", "product_ucode", "payment_link", "warranty_on", "checkout_country", "phone")
"""Fields that no column shows; of a phone a column shows how it was written."""
MOMENTS = ("ordered_at", "approved_at", "due_at")
MONEY = ("paid", "gross", "gross_receiving", "net", "fee", "affiliate_commission", "coproducer_commission")
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])


def shown(text: str) -> str:
    """Text as it stands in a cell and is read again: no outer blanks, no control signs, nothing for a dash."""
    if text.isprintable() and len(text) <= LONGEST_TEXT and text not in BLANKS and text == text.strip():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    clean = lines.strip()[:LONGEST_TEXT].strip()
    return "" if clean in BLANKS else clean


def written(pairs: Sequence[tuple[str, str]]) -> str:
    """The cell that `said` reads."""
    return urlencode(pairs, quote_via=quote, safe=":+@,/ ", errors="replace")


def said(cell: object) -> Said:
    """The pairs of a cell; none of a blank one. Raises Unreadable for one without the moment it speaks for."""
    if not isinstance(cell, str) or cell in BLANKS:
        return {}
    # A plus is a plus here: blanks stand as they are.
    pairs = dict(parse_qsl(cell.replace("+", "%2B"), keep_blank_values=True))
    _instant(pairs.get("as_of", ""))
    return pairs


def as_of(pairs: Said) -> datetime:
    """The moment before the newest that the row repeats, aware, in UTC."""
    return newest(pairs) - timedelta(microseconds=1)


def newest(pairs: Said) -> datetime:
    """The newest moment that the row repeats, aware, in UTC."""
    return _instant(pairs["as_of"])


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Unreadable("not_a_date") from fault


def settle(pairs: Said, fields: Fields, zone: ZoneInfo) -> None:
    """Make the fields of a row what they were before they became cells.

    An exact value is taken where the cell still shows it; one that a person changed is left as it is.
    """
    said_of_person = pairs.get("says", "").split(",")
    for name in CLIENT_FIELDS:
        if name not in said_of_person and name != "document_type":
            fields.pop(name, None)
    fields["echo"] = True
    fields.pop("financed", None)
    if "financed" in pairs:
        fields["financed"] = True
    if "bump" in pairs and fields.get("parent_transaction"):
        fields["is_bump"] = pairs["bump"] == "yes"
    _settle_money(pairs, fields)
    _settle_moments(pairs, fields, zone)
    for name in UNSEEN:
        if pairs.get(name):
            fields[name] = pairs[name]
    for name, text in pairs.items():
        field = name.removeprefix("text.")
        if field != name and fields.get(field, "") == shown(text):
            fields[field] = text


def _settle_money(pairs: Said, fields: Fields) -> None:
    for name in MONEY:
        exact = pairs.get(f"money.{name}")
        if exact is None:
            continue
        value, _, currency = exact.partition(" ")
        present = fields.get(name)
        if not value:
            fields.pop(name, None)
        elif present is None or name == "net" or Decimal(present[0]) == Decimal(value):
            fields[name] = [value, currency or None]


def _settle_moments(pairs: Said, fields: Fields, zone: ZoneInfo) -> None:
    for name in MOMENTS:
        if f"at.{name}" not in pairs:
            continue
        exact = _instant(pairs[f"at.{name}"])
        if name not in fields or _clock(datetime.fromisoformat(fields[name]), zone) == _clock(exact, zone):
            fields[name] = exact.isoformat()


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0, fold=0)
