"""Forms of how sales are told: days to answer, the line for chargebacks, names of origins."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from service.store import reporting
from service.store.engine import transaction
from service.store.reporting import LONGEST, ORIGINS
from service.web import guards
from service.web.panel_words import ORIGINS as ORIGINS_IN_WORDS
from service.web.rooms import rooms

HUNDRED = Decimal(100)
NEEDED = InputRequired(_l("This is needed."))
TEXT = [NEEDED, Length(1, LONGEST, _l("This is too long."))]


def share_of(percent: str) -> Decimal:
    """`1,5` or `1.5` percent as a share. Raises ValueError."""
    try:
        share = Decimal(percent.strip().removesuffix("%").strip().replace(",", ".")) / HUNDRED
    except InvalidOperation as error:
        raise ValueError("no number") from error
    if not share.is_finite() or not 0 < share < 1:
        raise ValueError("not between 0 and 100")
    return share


def is_percent(_form: FlaskForm, field: Field) -> None:
    """Whether it is a share above nothing and below all."""
    try:
        share_of(field.data or "")
    except ValueError as error:
        raise ValidationError(_l("Write a number between 0 and 100, such as 1.")) from error


class ReportingForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How sales are told."""

    refund_days = IntegerField(
        _l("Days to answer a request for a refund"),
        [NEEDED, NumberRange(1, 60, _l("Give a number of days from 1 to 60."))],
    )
    sck_separator = StringField(
        _l("Sign that parts an SCK"), [NEEDED, Length(1, 5, _l("A separator has 1 to 5 signs."))]
    )
    chargeback_line = StringField(_l("Share of chargebacks that is too many, in percent"), [NEEDED, is_percent])


class AliasForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What a value of an origin is called."""

    origin = SelectField(
        _l("Origin"), choices=[SelectChoice(code, ORIGINS_IN_WORDS[code]) for code in ORIGINS], default=ORIGINS[0]
    )
    value = StringField(_l("Value as Hotmart sends it"), TEXT)
    alias = StringField(_l("Call it"), TEXT)


def content() -> dict[str, Any]:
    """What the section of the settings page shows."""
    account = guards.current_account()
    with transaction(rooms().engine) as tx:
        names = reporting.aliases(tx, account.id)
    form = ReportingForm(
        formdata=None,
        refund_days=account.refund_days,
        sck_separator=account.sck_separator,
        chargeback_line=format((account.chargeback_line * HUNDRED).normalize(), "f"),
    )
    return {
        "reporting_form": form,
        "alias_form": AliasForm(formdata=None),
        "aliases": names,
        "origin_words": ORIGINS_IN_WORDS,
    }
