"""Automations: what happens in Kommo when something happens at Hotmart, tried out, switched, and looked back on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from schemas.automations import (
    AutomationChanged,
    AutomationOut,
    AutomationSaid,
    DraftTrialSaid,
    HistoryFilter,
    HistoryQuery,
    PromiseOut,
    PromiseTold,
    ResentOut,
    SwitchSaid,
    TrialOut,
    TrialSaid,
)
from service import trials
from service.queues import Lane
from service.store import automations, history
from service.store.automations import Draft
from service.store.engine import transaction
from service.store.history import Wanted
from service.web import guards
from service.web.automating import draft_kept, draft_of, switched
from service.web.rooms import rooms

blueprint = Blueprint("automations_api", __name__, url_prefix="/api/v1/automations", description="Automations")
blueprint.before_request(guards.api_account)


def _found(automation_id: int) -> Any:
    with transaction(rooms().engine) as tx:
        return automations.find(tx, guards.current_account().id, automation_id)


def _tried(draft: Draft, event: str | None) -> Any:
    return trials.try_out(rooms().engine, rooms().settings, guards.current_account(), draft, event)


@blueprint.route("")
class Automations(MethodView):
    """All of them."""

    @blueprint.response(200, AutomationOut(many=True))
    def get(self) -> Any:
        """List automations, the first made first."""
        with transaction(rooms().engine) as tx:
            return automations.every(tx, guards.current_account().id)

    @blueprint.arguments(AutomationSaid)
    @blueprint.response(201, AutomationOut)
    def post(self, said: dict[str, Any]) -> Any:
        """Keep a new automation, as a draft."""
        draft = draft_of(said)
        with transaction(rooms().engine) as tx:
            made = automations.create(tx, guards.current_account().id, draft, datetime.now(UTC))
        return _found(made)


@blueprint.route("/<int:automation_id>")
class OneAutomation(MethodView):
    """One of them."""

    @blueprint.response(200, AutomationOut)
    def get(self, automation_id: int) -> Any:
        """Read an automation."""
        return _found(automation_id)

    @blueprint.arguments(AutomationChanged)
    @blueprint.response(200, AutomationOut)
    def put(self, said: dict[str, Any], automation_id: int) -> Any:
        """Give an automation other words, made from its `version`; what waits is delivered by the new ones."""
        version, draft = said.pop("version"), draft_of(said)
        with transaction(rooms().engine) as tx:
            account = guards.current_account()
            automations.change(tx, account.id, automation_id, draft, version, datetime.now(UTC))
        return _found(automation_id)

    @blueprint.response(204)
    def delete(self, automation_id: int) -> None:
        """Take an automation away; its history stays, what it was still owed is withdrawn."""
        switched(guards.current_account(), automation_id, "deleted")


@blueprint.route("/<int:automation_id>/switch")
class Switch(MethodView):
    """Whether it runs."""

    @blueprint.arguments(SwitchSaid)
    @blueprint.response(200, AutomationOut)
    def post(self, said: dict[str, Any], automation_id: int) -> Any:
        """Switch an automation on, off, or back to a draft; off, what it is owed waits."""
        switched(guards.current_account(), automation_id, said["state"])
        rooms().bell.ring(Lane.DELIVER)
        return _found(automation_id)


@blueprint.route("/<int:automation_id>/test")
class Trial(MethodView):
    """What it would do."""

    @blueprint.arguments(TrialSaid)
    @blueprint.response(200, TrialOut)
    def post(self, said: dict[str, Any], automation_id: int) -> Any:
        """Try an automation on a past event: before and after, which contact and lead, and why. Nothing is sent."""
        return _tried(draft_kept(_found(automation_id)), said["event"])


@blueprint.route("/test")
class DraftTrial(MethodView):
    """What one that is not kept would do."""

    @blueprint.arguments(DraftTrialSaid)
    @blueprint.response(200, TrialOut)
    def post(self, said: dict[str, Any]) -> Any:
        """Try a draft on a past event without keeping it. Nothing is sent."""
        return _tried(draft_of(said), said["event"])


@blueprint.route("/history")
class History(MethodView):
    """What became of every promise."""

    @blueprint.arguments(HistoryQuery, location="query")
    @blueprint.response(200, PromiseOut(many=True))
    def get(self, asked: dict[str, Any]) -> Any:
        """List promises, the newest first."""
        before, size = asked.pop("before"), asked.pop("size")
        with transaction(rooms().engine) as tx:
            return history.listed(tx, guards.current_account().id, Wanted(**asked), before=before, size=size)


@blueprint.route("/history/<int:promise_id>")
class OnePromise(MethodView):
    """One promise."""

    @blueprint.response(200, PromiseTold)
    def get(self, promise_id: int) -> Any:
        """Read a promise with every attempt: request, answer, decision, before and after."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            promise = history.find(tx, account.id, promise_id)
            return {"promise": promise, "attempts": history.attempts(tx, account.id, promise_id)}


@blueprint.route("/history/<int:promise_id>/resend")
class Resend(MethodView):
    """Once more."""

    @blueprint.response(202, PromiseOut)
    def post(self, promise_id: int) -> Any:
        """Try a promise again that failed, was given up or passed over."""
        account = guards.current_account()
        with transaction(rooms().engine) as tx:
            history.resend(tx, account.id, promise_id, datetime.now(UTC))
            promise = history.find(tx, account.id, promise_id)
        rooms().bell.ring(Lane.DELIVER)
        return promise


@blueprint.route("/history/resend")
class ResendMany(MethodView):
    """Many once more."""

    @blueprint.arguments(HistoryFilter)
    @blueprint.response(202, ResentOut)
    def post(self, asked: dict[str, Any]) -> Any:
        """Try again all of these that failed or were given up (`passed_over` where asked for), 10,000 at most."""
        with transaction(rooms().engine) as tx:
            number = history.resend_all(tx, guards.current_account().id, Wanted(**asked), datetime.now(UTC))
        rooms().bell.ring(Lane.DELIVER)
        return {"resent": number}
