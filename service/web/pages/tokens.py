"""Hottoks and API tokens: making, showing once, revoking."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug import Response

from service.store import accounts, tokens
from service.store.engine import transaction
from service.store.tokens import Kind
from service.web import guards
from service.web.guards import for_owners
from service.web.pages import settings
from service.web.pages.accounts import Page, account_pages
from service.web.pages.forms import TokenForm
from service.web.rooms import rooms

blueprint = account_pages("tokens", __name__, "/settings/tokens")
PAGE = Page(blueprint)


@blueprint.post("/api")
@for_owners
def add_api_token() -> str | tuple[str, int]:
    """Make an API token and show it, this once: no page can show it again."""
    form = TokenForm()
    if not form.validate_on_submit():
        return settings.page(token_form=form), 422
    with transaction(rooms().engine) as tx:
        made = accounts.add_api_token(tx, guards.current_account().id, form.label.data)
    rooms().directory.forget()
    return settings.page(made_token=made)


@blueprint.post("/api/<token_id>/revoke")
@for_owners
def revoke_api_token(token_id: str) -> Response:
    """Let an API token in no more."""
    _revoke(Kind.API, token_id)
    flash(_("The API token is revoked."), "success")
    return redirect(url_for("settings.show", _anchor="api"))


@blueprint.post("/hottok/<token_id>/revoke")
@for_owners
def revoke_hottok(token_id: str) -> Response:
    """Let events with this hottok in no more."""
    _revoke(Kind.HOTTOK, token_id)
    flash(_("The hottok is revoked."), "success")
    return redirect(url_for("settings.show", _anchor="hotmart"))


def _revoke(kind: Kind, token_id: str) -> None:
    with transaction(rooms().engine) as tx:
        tokens.revoke(tx, guards.current_account().id, kind, token_id)
    rooms().directory.forget()
