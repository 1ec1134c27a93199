"""What a lead tells only when it is read again: of the twelve fields of a lead those that no hook carries."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from service.connectors.kommo.client import Kommo
from service.connectors.kommo.shapes import Contact, Lead
from service.domain.automation.values import Value

OF_LEAD = frozenset({"lead_score", "lead_labor_cost", "lead_price_is_computed"})
OF_CONTACT = frozenset({"lead_contact_name", "lead_contact_first_name", "lead_contact_last_name"})
OF_COMPANY = frozenset({"lead_company_name"})
UNTOLD = OF_LEAD | OF_CONTACT | OF_COMPANY
"""Keys of the catalogue's fields."""


def told_again(kommo: Kommo, lead_id: int, wanted: Collection[str]) -> dict[str, Value]:
    """Those of the wanted fields that have a value: one request for the lead, one each for its contact and company.

    Nothing where the lead is gone. Raises what calling Kommo raises.
    """
    lead = kommo.lead(lead_id)
    if lead is None:
        return {}
    contact = _contact(kommo, lead) if OF_CONTACT & set(wanted) else None
    found = {**_of_lead(lead), **_of_contact(contact)}
    if OF_COMPANY & set(wanted):
        found["lead_company_name"] = _company_name(kommo, lead, contact)
    return {key: value for key, value in found.items() if key in wanted and value not in (None, "")}


def _of_lead(lead: Lead) -> dict[str, Value | None]:
    return {
        "lead_score": None if lead.score is None else Decimal(lead.score),
        "lead_labor_cost": None if lead.labor_cost is None else Decimal(lead.labor_cost),
        "lead_price_is_computed": lead.price_is_computed,
    }


def _contact(kommo: Kommo, lead: Lead) -> Contact | None:
    return None if lead.main_contact is None else kommo.contact(lead.main_contact)


def _of_contact(contact: Contact | None) -> dict[str, Value | None]:
    if contact is None:
        return {}
    return {
        "lead_contact_name": contact.name,
        "lead_contact_first_name": contact.first_name,
        "lead_contact_last_name": contact.last_name,
    }


def _company_name(kommo: Kommo, lead: Lead, contact: Contact | None) -> str | None:
    """The company of the lead, or else that of its contact."""
    tied = [*lead.companies]
    if not tied and (known := contact or _contact(kommo, lead)) is not None:
        tied = [*known.companies]
    company = kommo.company(tied[0].id) if tied else None
    return company.name if company else None
