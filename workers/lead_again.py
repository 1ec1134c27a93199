"""What hooks do not tell of a lead, read again for the automations that speak of it."""

from __future__ import annotations

from service.connectors.kommo.telling import UNTOLD, told_again
from service.domain.automation.triggers import SubjectKind
from service.domain.automation.using import fields_of
from service.domain.automation.values import Values
from service.errors import Unauthorized, Unavailable
from service.kommo_desk import desk_of
from service.store import connections
from service.store.engine import transaction
from workers.errands import Errand, hold
from workers.workshop import Workshop

NOTHING: Values = {}


def read_again(shop: Workshop, errand: Errand) -> Values:
    """The fields of a lead that this automation uses and no hook told; no request where it uses none.

    Raises what calling Kommo raises.
    """
    leased, about = errand.leased, errand.leased.event.about
    if about.kind is not SubjectKind.LEAD:
        return NOTHING
    wanted = fields_of(errand.automation["filter"], errand.automation["mapping"]) & UNTOLD
    if not wanted:
        return NOTHING
    with transaction(shop.engine) as tx:
        connected = connections.find(tx, leased.account_id)
    if connected is None or connected.state != "connected":
        return NOTHING
    desk = desk_of(shop.settings, connected)
    desk.kommo.begin(urgent=True)
    desk.gate.watch(lambda: hold(shop, leased))
    try:
        found = told_again(desk.kommo, int(about.key), wanted)
    except Unauthorized as fault:
        with transaction(shop.engine) as tx:
            connections.refuse(tx, connected, fault.code)
        # Nothing is wrong with the promise: it goes on when somebody has connected anew.
        raise Unavailable(fault.message, code=fault.code) from fault
    hold(shop, leased)  # whoever goes on takes the lease for new
    return found
