"""The forms of the shell. Every field says what is wrong with it in the reader's language."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from service.domain.roles import Role
from service.sources.contact import email_of
from service.store.accounts import ROLES
from service.web import passwords, words

LONGEST_NAME = 120
NEEDED = DataRequired(_l("This is needed."))
NAME = [NEEDED, Length(max=LONGEST_NAME, message=_l("This is too long."))]
USUAL_ZONE = "America/Sao_Paulo"
CONTINENTS = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
SELLERS = {
    "producer": _l("Producer"),
    "coproducer": _l("Co-producer"),
    "affiliate": _l("Affiliate"),
}


def zones() -> list[SelectChoice]:
    """Time zones of places, those of America first, as a select wants them."""
    places = sorted(zone for zone in available_timezones() if zone.partition("/")[0] in CONTINENTS and "/" in zone)
    places.sort(key=lambda zone: (zone != USUAL_ZONE, not zone.startswith("America/")))
    return [SelectChoice(zone, zone.replace("_", " ")) for zone in places]


def is_email(_: FlaskForm, field: Field) -> None:
    """Whether the text is an e-mail address; kept trimmed and lower-cased."""
    found = email_of(field.data or "")
    if found is None:
        raise ValidationError(_l("This is no e-mail address. Write it like ana@example.com."))
    field.data = found


def is_strong(form: FlaskForm, field: Field) -> None:
    """Whether it is long enough and not the person's own name or address."""
    password = field.data or ""
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        raise ValidationError(_l("Use 10 characters or more; a short sentence is good."))
    own = [form[name].data or "" for name in ("email", "name") if name in form]
    if password.casefold() in {text.casefold() for text in own} or len(set(password)) < 4:
        raise ValidationError(_l("This is too easy to guess."))


class ArrivalForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Signing in."""

    email = StringField(_l("E-mail"), [NEEDED])
    password = PasswordField(_l("Password"), [NEEDED])


class OwnerForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """The first person."""

    name = StringField(_l("Your name"), NAME)
    email = StringField(_l("E-mail"), [NEEDED, is_email])
    password = PasswordField(_l("Password"), [NEEDED, is_strong])


class NewAccountForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """An account that is to be made."""

    account_name = StringField(_l("Name of the account"), NAME)
    seller = SelectField(
        _l("In Hotmart this account is a"),
        choices=[SelectChoice(code, label) for code, label in SELLERS.items()],
        default=ROLES[0],
    )
    timezone = SelectField(_l("Time zone"), choices=zones(), default=USUAL_ZONE)


class FoundingForm(OwnerForm, NewAccountForm):
    """The first person and the first account."""


class AccountForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How an account is called, and whose days are its days."""

    account_name = StringField(_l("Name of the account"), NAME)
    timezone = SelectField(_l("Time zone"), choices=zones())


class HottokForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A webhook token to let in."""

    hottok = StringField(_l("Hottok"), [NEEDED, Length(8, 500, _l("This is no hottok: copy all of it."))])


class TokenForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A new API token."""

    label = StringField(_l("What is it for?"), NAME)


class InvitationForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Somebody to invite."""

    email = StringField(_l("E-mail"), [NEEDED, is_email])
    role = SelectField(
        _l("Role"), choices=[SelectChoice(code, label) for code, label in words.ROLES.items()], default=Role.OPERATOR
    )


class NewcomerForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Somebody who was invited and is no user yet; the address is the invitation's."""

    name = StringField(_l("Your name"), NAME)
    password = PasswordField(_l("Password"), [NEEDED, is_strong])


class NameForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """How a person is called."""

    name = StringField(_l("Your name"), NAME)


class PasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A new password, by somebody who knows the old one."""

    password_now = PasswordField(_l("Password now"), [NEEDED])
    password_new = PasswordField(_l("New password"), [NEEDED, is_strong])
