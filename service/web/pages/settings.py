"""The settings of an account: a page of sections, each with its own part of the template."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from werkzeug import Response

from service import desk
from service.store import memberships, tokens
from service.store.engine import transaction
from service.store.tokens import Kind
from service.web import guards
from service.web.guards import for_owners
from service.web.pages import sales_settings
from service.web.pages.accounts import Entry, Page, account_pages, webhook_url
from service.web.pages.forms import AccountForm, HottokForm, InvitationForm, TokenForm
from service.web.rooms import rooms

blueprint = account_pages("settings", __name__, "/settings")
PAGE = Page(blueprint, Entry(_l("Settings"), "settings", "settings.show"))


class Section(NamedTuple):
    """One part of the page. `content` gives what its template needs; owners' sections are for owners only."""

    name: str
    label: LazyString
    content: Callable[[], dict[str, Any]]
    owners_only: bool = True

    @property
    def template(self) -> str:
        """The template that draws it."""
        return f"settings/_{self.name}.html"


def _account() -> dict[str, Any]:
    account = guards.current_account()
    # No form data here: the page may be shown for the answer to another section's form.
    return {"account_form": AccountForm(formdata=None, account_name=account.name, timezone=account.timezone)}


def _hotmart() -> dict[str, Any]:
    with transaction(rooms().engine) as tx:
        hottoks = tokens.valid(tx, guards.current_account().id, Kind.HOTTOK)
    return {"hottoks": hottoks, "hottok_form": HottokForm(formdata=None), "webhook_url": webhook_url()}


def _api() -> dict[str, Any]:
    with transaction(rooms().engine) as tx:
        api_tokens = tokens.valid(tx, guards.current_account().id, Kind.API)
    return {"api_tokens": api_tokens, "token_form": TokenForm(formdata=None), "made_token": None}


def _plan() -> dict[str, Any]:
    with transaction(rooms().engine) as tx:
        return {"allowance": desk.allowance(tx, guards.current_account(), datetime.now(UTC))}


def _people() -> dict[str, Any]:
    account_id = guards.current_account().id
    with transaction(rooms().engine) as tx:
        return {
            "people": memberships.people(tx, account_id),
            "invitations": memberships.invitations(tx, account_id, datetime.now(UTC)),
            "invitation_form": InvitationForm(formdata=None),
            "made_invitation": None,
        }


SECTIONS: tuple[Section, ...] = (
    Section("account", _l("Account"), _account, owners_only=False),
    Section("reporting", _l("Sales"), sales_settings.content, owners_only=False),
    Section("hotmart", _l("Hotmart"), _hotmart),
    Section("api", _l("API"), _api),
    Section("people", _l("People"), _people),
    Section("plan", _l("Plan"), _plan, owners_only=False),
)
"""Every section of the page, in order. A new one is a line here and a template `settings/_<name>.html`."""


def page(**instead: Any) -> str:
    """The settings page; `instead` replaces what a section would show (a form with its errors, a new token)."""
    visible = [section for section in SECTIONS if guards.current_role().may_manage or not section.owners_only]
    content: dict[str, Any] = {}
    for section in visible:
        content |= section.content()
    return render_template("settings/show.html", sections=visible, **(content | instead))


@blueprint.get("")
def show() -> str:
    """All sections this person may see."""
    return page()


@blueprint.post("/account")
@for_owners
def describe() -> Response | tuple[str, int]:
    """Change name and time zone."""
    form = AccountForm()
    if not form.validate_on_submit():
        return page(account_form=form), 422
    with transaction(rooms().engine) as tx:
        tokens.describe_account(tx, guards.current_account().id, form.account_name.data, form.timezone.data)
    rooms().directory.forget()
    flash(_("The account is changed."), "success")
    return redirect(url_for("settings.show", _anchor="account"))
