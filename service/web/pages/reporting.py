"""Settings of how sales are told: days to answer, the line for chargebacks, names of origins."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from service.errors import Conflict
from service.store import reporting
from service.store.engine import transaction
from service.store.reporting import Alias
from service.web import guards
from service.web.guards import for_owners
from service.web.pages import settings
from service.web.pages.accounts import Page, account_pages
from service.web.pages.sales_settings import AliasForm, ReportingForm, share_of
from service.web.rooms import rooms

blueprint = account_pages("reporting", __name__, "/settings/reporting")
PAGE = Page(blueprint)


@blueprint.post("")
@for_owners
def change() -> Response | tuple[str, int]:
    """Change days, separator and line."""
    form = ReportingForm()
    if not form.validate_on_submit():
        return settings.page(reporting_form=form), 422
    line = share_of(form.chargeback_line.data)
    with transaction(rooms().engine) as tx:
        reporting.change(tx, guards.current_account().id, form.refund_days.data, form.sck_separator.data, line)
    rooms().directory.forget()
    flash(_("The settings of your sales are changed."), "success")
    return _back()


@blueprint.post("/aliases")
@for_owners
def call() -> Response | tuple[str, int]:
    """Call a value of an origin by another name."""
    form = AliasForm()
    if not form.validate_on_submit():
        return settings.page(alias_form=form), 422
    try:
        with transaction(rooms().engine) as tx:
            alias = Alias(form.origin.data, form.value.data, form.alias.data)
            reporting.call(tx, guards.current_account().id, alias)
    except Conflict:
        flash(_("There are too many names already. Take some away first."), "danger")
    else:
        flash(_("It is called so from now on."), "success")
    return _back()


@blueprint.post("/aliases/remove")
@for_owners
def uncall() -> Response:
    """Show a value as it is again."""
    with transaction(rooms().engine) as tx:
        origin, value = request.form.get("origin", ""), request.form.get("value", "").replace("\x00", "")
        reporting.uncall(tx, guards.current_account().id, origin, value)
    flash(_("It is shown as it is again."), "success")
    return _back()


def _back() -> Response:
    return redirect(url_for("settings.show", _anchor="reporting"))
