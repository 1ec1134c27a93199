"""What the list of clients can be filtered by in an account: its products, currencies, countries and imports."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from service.store import tags

MOST_PRODUCTS = 500
# One look at the index for each currency: an account has few, and millions of rows in each.
CURRENCIES = """
WITH RECURSIVE known (currency) AS (
    (SELECT currency FROM client_revenue WHERE account_id = :account ORDER BY currency LIMIT 1)
    UNION ALL
    SELECT (SELECT r.currency FROM client_revenue r WHERE r.account_id = :account AND r.currency > known.currency
        ORDER BY r.currency LIMIT 1) FROM known WHERE known.currency IS NOT NULL)
SELECT currency FROM known WHERE currency IS NOT NULL
"""
PRODUCTS = """
SELECT id, coalesce(name, id) AS name FROM products WHERE account_id = :account ORDER BY name, id LIMIT :most
"""


class Choices(NamedTuple):
    """Products as (id, name), currencies, and tags in use."""

    products: list[tuple[str, str]]
    currencies: list[str]
    tags: list[str]


def choices(tx: Connection, account_id: int) -> Choices:
    """What the lists to choose from hold."""
    products = tx.execute(text(PRODUCTS), {"account": account_id, "most": MOST_PRODUCTS})
    used = tags.of_account(tx, account_id)
    return Choices(
        [(row.id, row.name) for row in products], currencies(tx, account_id), sorted(str(row["name"]) for row in used)
    )


def currencies(tx: Connection, account_id: int) -> list[str]:
    """The currencies clients have money in."""
    return list(tx.execute(text(CURRENCIES), {"account": account_id}).scalars())


def product_name(tx: Connection, account_id: int, product_id: str) -> str | None:
    """What a product is called; None where no product has this id."""
    found = text("SELECT coalesce(name, id) FROM products WHERE account_id = :account AND id = :id")
    return tx.execute(found, {"account": account_id, "id": product_id}).scalar_one_or_none()


def file_name(tx: Connection, account_id: int, import_id: int) -> str | None:
    """The name of an import's file; None where the account has no such import."""
    found = text("SELECT file_name FROM imports WHERE account_id = :account AND id = :id")
    return tx.execute(found, {"account": account_id, "id": import_id}).scalar_one_or_none()
