"""What was decided about a promise, as data for its history."""

from __future__ import annotations

from typing import Any

from service.connectors.kommo.planning import Plan


def decision_of(plan: Plan) -> dict[str, Any]:
    """Which lead, contact and company, why; what became of the stage; what was left out."""
    return {
        "lead": {"id": plan.lead_id, "why": plan.lead_why and str(plan.lead_why)},
        "contact": {"id": plan.contact_id, "why": plan.contact_why and str(plan.contact_why), "also": [*plan.also]},
        "company": {"id": plan.company_id, "why": plan.company_why and str(plan.company_why)},
        "stage": plan.move and str(plan.move),
        "left_out": [{"kind": str(left.kind), "field": left.field, "why": left.why} for left in plan.left_out],
    }


def changes_of(plan: Plan) -> list[dict[str, Any]]:
    """What reads differently, before and after."""
    return [
        {"kind": str(one.kind), "field": one.field, "before": one.before, "after": one.after} for one in plan.changes
    ]
