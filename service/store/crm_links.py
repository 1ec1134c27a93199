"""Which lead, contact and company of Kommo belong to which transaction, subscription, cart or client."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, text

CLIENT = "client"
"""The kind of a link that says who somebody's contact is; its key is the e-mail."""


class Link(NamedTuple):
    """The ids of one subject there; None where there is none yet."""

    lead_id: int | None = None
    contact_id: int | None = None
    company_id: int | None = None


class About(NamedTuple):
    """What a link is about: a subject (kind and key), whose it is, which product."""

    kind: str
    key: str
    email: str | None = None
    product_id: str | None = None


def find(tx: Connection, account_id: int, kommo_id: int, kind: str, key: str) -> Link:
    """The ids of one subject; all None where none are known."""
    found = tx.execute(
        text(
            "SELECT lead_id, contact_id, company_id FROM crm_links"
            " WHERE account_id = :account AND kommo_id = :kommo AND kind = :kind AND key = :key"
        ),
        {"account": account_id, "kommo": kommo_id, "kind": kind, "key": key},
    ).one_or_none()
    return Link() if found is None else Link(*found)


def find_all(tx: Connection, account_id: int, kommo_id: int, wanted: Iterable[tuple[str, str]]) -> list[Link]:
    """The ids of many subjects, (kind, key) each; of those that have any."""
    kinds, keys = zip(*wanted, strict=True)
    found = tx.execute(
        text(
            "SELECT l.lead_id, l.contact_id, l.company_id FROM crm_links l"
            " JOIN unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS wanted (kind, key) USING (kind, key)"
            " WHERE l.account_id = :account AND l.kommo_id = :kommo"
        ),
        {"account": account_id, "kommo": kommo_id, "kinds": list(kinds), "keys": list(keys)},
    )
    return [Link(*row) for row in found]


def keep(tx: Connection, account_id: int, kommo_id: int, about: About, link: Link, now: datetime) -> None:
    """Remember ids of a subject; those that are known stay where nothing new is told."""
    tx.execute(
        text(
            "INSERT INTO crm_links (account_id, kommo_id, kind, key, lead_id, contact_id, company_id, email,"
            " product_id, linked_at) VALUES (:account, :kommo, :kind, :key, :lead_id, :contact_id, :company_id,"
            " :email, :product_id, :now) ON CONFLICT (account_id, kommo_id, kind, key) DO UPDATE SET"
            " lead_id = coalesce(excluded.lead_id, crm_links.lead_id),"
            " contact_id = coalesce(excluded.contact_id, crm_links.contact_id),"
            " company_id = coalesce(excluded.company_id, crm_links.company_id)"
        ),
        {"account": account_id, "kommo": kommo_id, "now": now, **about._asdict(), **link._asdict()},
    )


def leads_of(tx: Connection, account_id: int, kommo_id: int, email: str, product_id: str) -> tuple[int, ...]:
    """Leads we know of one client and product, the newest first."""
    rows = tx.execute(
        text(
            "SELECT lead_id FROM crm_links WHERE account_id = :account AND kommo_id = :kommo AND email = :email"
            " AND product_id = :product AND lead_id IS NOT NULL GROUP BY lead_id ORDER BY max(linked_at) DESC LIMIT 50"
        ),
        {"account": account_id, "kommo": kommo_id, "email": email, "product": product_id},
    )
    return tuple(rows.scalars())


def of_client(tx: Connection, account_id: int, kommo_id: int, emails: Collection[str]) -> Sequence[RowMapping]:
    """Leads we know of one client (`lead_id`, `product_name`), the newest first, fifty at most."""
    rows = tx.execute(
        text(
            "SELECT l.lead_id, max(p.name) AS product_name FROM crm_links l LEFT JOIN products p"
            " ON p.account_id = l.account_id AND p.id = l.product_id WHERE l.account_id = :account"
            " AND l.kommo_id = :kommo AND l.email = ANY(:emails) AND l.lead_id IS NOT NULL"
            " GROUP BY l.lead_id ORDER BY max(l.linked_at) DESC, l.lead_id DESC LIMIT 50"
        ),
        {"account": account_id, "kommo": kommo_id, "emails": list(emails)},
    )
    return rows.mappings().all()


def of_lead(tx: Connection, account_id: int, lead_id: int) -> About | None:
    """What a lead of Kommo was made for, the latest subject first; None for one that is not ours."""
    found = tx.execute(
        text(
            "SELECT kind, key, email, product_id FROM crm_links WHERE account_id = :account AND lead_id = :lead"
            " ORDER BY linked_at DESC LIMIT 1"
        ),
        {"account": account_id, "lead": lead_id},
    ).one_or_none()
    return None if found is None else About(*found)
