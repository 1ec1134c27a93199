"""What the list of clients needs: words and marks to find by, what each of them bought to filter and sort by.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WHOLE, WHOLE_PLAIN = "łŁøØđĐðÐħĦ\u0131ßẞæÆœŒþÞς", "llooddddhhissaaoott\u03c3"
"""Letters that are not made of a plain one and an accent, but are typed as it."""
CAPITALS = "".join(map(chr, (*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x400, 0x430))))
"""Greek and Cyrillic ones: lower() of a database in the locale C knows those of ASCII."""
FOLDED_LETTERS = WHOLE + CAPITALS
PLAIN_LETTERS = WHOLE_PLAIN + CAPITALS.lower()

# Of text without accents only the capitals change: translate() compares every letter with every one of its list.
# Signs of ASCII part words; every other letter belongs to one.
WORDS = rf"""
CREATE FUNCTION folded(written text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN CASE WHEN octet_length(written) = char_length(written) THEN lower(written COLLATE "C")
    ELSE translate(regexp_replace(lower(normalize(written, NFKD) COLLATE "C"), '[\u0300-\u036f]', '', 'g'),
        '{FOLDED_LETTERS}', '{PLAIN_LETTERS}') END;
CREATE FUNCTION spaced(written text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN CASE WHEN written COLLATE "C" ~ '^[a-z0-9]*$' THEN written ELSE btrim(regexp_replace(written,
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', ' ', 'g')) END;
CREATE FUNCTION month_of(moment timestamptz) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN (extract(year FROM moment AT TIME ZONE 'UTC') * 100 + extract(month FROM moment AT TIME ZONE 'UTC'))::int::text;
"""

# A lexeme is the account, a letter for its kind, and the word: one account never reads the words of another.
# w word, domain of the e-mail; a the e-mail whole, apart, so that a first name does not read them all; d digits of
# telephone and document from the front, e from the end; p product, s status, o an open opportunity, c country, f and l
# month of the first and last purchase. Longer than 2 kB no lexeme may be.
SEARCH = """
CREATE FUNCTION client_search(account bigint, name text, email text, phone text, phone_text text, document text,
    country text, first_purchase timestamptz, last_purchase timestamptz, marks text[])
RETURNS tsvector IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    plain_email text := folded(left(email, 300));
    words text := spaced(folded(left(concat_ws(' ', name, split_part(email, '@', 1)), 600)));
    digits text := nullif(replace(left(phone, 60), '+', ''), '');
    written text := nullif(replace(spaced(folded(left(phone_text, 60))), ' ', ''), '');
    papers text := nullif(replace(spaced(folded(left(document, 60))), ' ', ''), '');
BEGIN
    RETURN array_to_tsvector(array_remove(
        string_to_array(account || 'w' || replace(left(words, 600), ' ', ' ' || account || 'w'), ' ')
        || ARRAY[account || 'a' || plain_email, account || 'w' || split_part(plain_email, '@', 2),
            account || 'd' || digits, account || 'e' || reverse(digits), account || 'd' || written,
            account || 'd' || papers, account || 'e' || reverse(papers), account || 'c' || left(country, 60),
            account || 'f' || month_of(first_purchase), account || 'l' || month_of(last_purchase)]
        || marks, NULL));
END $$;
"""
COLUMNS = """
ALTER TABLE clients ADD COLUMN purchases integer NOT NULL DEFAULT 0, ADD COLUMN first_purchase_at timestamptz,
    ADD COLUMN last_purchase_at timestamptz, ADD COLUMN search tsvector NOT NULL DEFAULT '';
ALTER TABLE client_revenue ADD COLUMN purchases integer NOT NULL DEFAULT 0, ADD COLUMN first_at timestamptz,
    ADD COLUMN last_at timestamptz;
"""
FILL = """
UPDATE client_revenue r SET purchases = told.number, first_at = told.first_at, last_at = told.last_at FROM (
    SELECT account_id, client_id, gross_currency, count(*) AS number,
        min(coalesce(approved_at, ordered_at)) AS first_at, max(coalesce(approved_at, ordered_at)) AS last_at
    FROM purchases
    WHERE category = 'active' AND gross_currency IS NOT NULL AND gross_value IS NOT NULL AND client_id IS NOT NULL
    GROUP BY account_id, client_id, gross_currency) told
WHERE r.account_id = told.account_id AND r.client_id = told.client_id AND r.currency = told.gross_currency;
UPDATE clients c SET purchases = told.number, first_purchase_at = told.first_at, last_purchase_at = told.last_at,
    search = client_search(c.account_id, c.name, c.email, c.phone, c.phone_text, c.document, c.country, told.first_at,
        told.last_at, told.marks)
FROM (
    SELECT k.account_id, k.id, count(*) FILTER (WHERE category = 'active') AS number,
        min(coalesce(approved_at, ordered_at)) FILTER (WHERE category = 'active') AS first_at,
        max(coalesce(approved_at, ordered_at)) FILTER (WHERE category = 'active') AS last_at,
        array_agg(k.account_id || 's' || p.status) FILTER (WHERE p.status IS NOT NULL)
        || array_agg(k.account_id || 'p' || left(coalesce(product_id, product_name), 300))
            FILTER (WHERE coalesce(product_id, product_name) IS NOT NULL)
        || CASE WHEN EXISTS (SELECT 1 FROM opportunities o WHERE o.account_id = k.account_id AND o.client_id = k.id
            AND o.state = 'open') THEN ARRAY[k.account_id || 'o'] END AS marks
    FROM clients k LEFT JOIN purchases p ON p.account_id = k.account_id AND p.client_id = k.id
    GROUP BY k.account_id, k.id) told
WHERE c.account_id = told.account_id AND c.id = told.id;
"""
# Both ends of every order are asked for, so no column of an index runs against the others.
INDEXES = """
DROP INDEX clients_by_last_seen;
CREATE INDEX clients_by_last_seen ON clients (account_id, last_seen_at, id);
CREATE INDEX clients_by_first_seen ON clients (account_id, first_seen_at, id);
CREATE INDEX clients_by_name ON clients (account_id, (left(folded(coalesce(name, email)), 100) COLLATE "C"), id);
CREATE INDEX clients_by_purchases ON clients (account_id, purchases, id);
CREATE INDEX clients_by_words ON clients USING gin (search);
CREATE INDEX client_revenue_by_amount ON client_revenue (account_id, currency, active, client_id);
CREATE INDEX subscriptions_by_status ON subscriptions (account_id, status, client_id);
"""
UNDO = """
DROP INDEX subscriptions_by_status, client_revenue_by_amount, clients_by_words, clients_by_purchases, clients_by_name,
    clients_by_first_seen, clients_by_last_seen;
CREATE INDEX clients_by_last_seen ON clients (account_id, last_seen_at DESC, id);
ALTER TABLE clients DROP COLUMN purchases, DROP COLUMN first_purchase_at, DROP COLUMN last_purchase_at,
    DROP COLUMN search;
ALTER TABLE client_revenue DROP COLUMN purchases, DROP COLUMN first_at, DROP COLUMN last_at;
DROP FUNCTION client_search, month_of, spaced, folded;
"""


def upgrade() -> None:
    for block in (WORDS, SEARCH, COLUMNS, FILL, INDEXES):
        op.execute(block)


def downgrade() -> None:
    op.execute(UNDO)
