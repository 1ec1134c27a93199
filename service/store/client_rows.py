"""The statements that make a client's row and revenue from what the client said and bought."""

from __future__ import annotations

from service.domain.mentions import CLIENT_FIELDS

CLIENT_COLUMNS = ("account_id", "id", "email", "first_seen_at", "last_seen_at", *CLIENT_FIELDS)
BOUGHT = ("purchases", "first_purchase_at", "last_purchase_at", "search")
"""What a client's row says of purchases; `search` are the words and marks it is found by (migration 0005)."""
CLIENTS = """
INSERT INTO clients ({told}, {bought})
SELECT {read}, coalesce(b.purchases, 0), b.first_at, b.last_at, client_search(c.account_id, c.name, c.email, c.phone,
    c.phone_text, c.document, c.country, b.first_at, b.last_at, b.marks)
FROM json_populate_recordset(NULL::clients, %s::json) c
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE category = 'active') AS purchases,
        min(coalesce(approved_at, ordered_at)) FILTER (WHERE category = 'active') AS first_at,
        max(coalesce(approved_at, ordered_at)) FILTER (WHERE category = 'active') AS last_at,
        array_agg(c.account_id || 's' || status) || array_agg(c.account_id || 'p' || left(coalesce(product_id,
            product_name), 300)) FILTER (WHERE coalesce(product_id, product_name) IS NOT NULL) || (
            SELECT array_agg(c.account_id || 'a' || folded(left(a.email, 300))) FROM aliases a
            WHERE a.account_id = c.account_id AND a.client_email = c.email) || CASE WHEN EXISTS (
            SELECT 1 FROM opportunities o WHERE o.account_id = c.account_id AND o.client_id = c.id AND o.state = 'open')
            THEN ARRAY[c.account_id || 'o'] END AS marks
    FROM purchases p WHERE p.account_id = c.account_id AND p.client_id = c.id
) b ON true
ON CONFLICT (account_id, id) DO UPDATE SET {assigned} WHERE ROW({stored}) IS DISTINCT FROM ROW({wanted})
""".format(
    told=", ".join(CLIENT_COLUMNS),
    bought=", ".join(BOUGHT),
    read=", ".join(f"c.{column}" for column in CLIENT_COLUMNS),
    assigned=", ".join(f"{column} = excluded.{column}" for column in (*CLIENT_COLUMNS[2:], *BOUGHT)),
    stored=", ".join(f"clients.{column}" for column in (*CLIENT_COLUMNS[2:], *BOUGHT)),
    wanted=", ".join(f"excluded.{column}" for column in (*CLIENT_COLUMNS[2:], *BOUGHT)),
)


REVENUE = """
INSERT INTO client_revenue (account_id, client_id, currency, active, lost, disputed, pending, net, purchases, first_at,
    last_at)
SELECT %(account)s, client_id, currency,
    coalesce(sum(amount) FILTER (WHERE slot = 'active'), 0), coalesce(sum(amount) FILTER (WHERE slot = 'lost'), 0),
    coalesce(sum(amount) FILTER (WHERE slot = 'disputed'), 0), coalesce(sum(amount) FILTER (WHERE slot = 'pending'), 0),
    coalesce(sum(amount) FILTER (WHERE slot = 'net'), 0), count(*) FILTER (WHERE slot = 'active'),
    min(at) FILTER (WHERE slot = 'active'), max(at) FILTER (WHERE slot = 'active')
FROM (
    SELECT client_id, gross_currency AS currency, category AS slot, gross_value AS amount,
        coalesce(approved_at, ordered_at) AS at FROM purchases
    WHERE account_id = %(account)s AND client_id = ANY(%(clients)s)
        AND gross_currency IS NOT NULL AND gross_value IS NOT NULL
    UNION ALL
    SELECT client_id, net_currency, 'net', net_value, NULL FROM purchases
    WHERE account_id = %(account)s AND client_id = ANY(%(clients)s) AND category = 'active'
        AND net_currency IS NOT NULL AND net_value IS NOT NULL
) sums
GROUP BY client_id, currency
ON CONFLICT (account_id, client_id, currency) DO UPDATE SET active = excluded.active, lost = excluded.lost,
    disputed = excluded.disputed, pending = excluded.pending, net = excluded.net, purchases = excluded.purchases,
    first_at = excluded.first_at, last_at = excluded.last_at
WHERE ROW(client_revenue.active, client_revenue.lost, client_revenue.disputed, client_revenue.pending,
    client_revenue.net, client_revenue.purchases, client_revenue.first_at, client_revenue.last_at)
    IS DISTINCT FROM ROW(excluded.active, excluded.lost, excluded.disputed, excluded.pending, excluded.net,
    excluded.purchases, excluded.first_at, excluded.last_at)
"""
REVENUE_GONE = """
DELETE FROM client_revenue r WHERE r.account_id = %(account)s AND r.client_id = ANY(%(clients)s) AND NOT EXISTS (
    SELECT 1 FROM purchases p WHERE p.account_id = r.account_id AND p.client_id = r.client_id
    AND ((p.gross_currency = r.currency AND p.gross_value IS NOT NULL)
        OR (p.net_currency = r.currency AND p.net_value IS NOT NULL AND p.category = 'active')))
"""
