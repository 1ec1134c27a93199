"""What an account sold and lost, summed by day, and which days must be summed anew.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The moment a purchase counts at; lists and panels are ordered by it instead of the order date.
COUNTED_AT = """
ALTER TABLE purchases ADD COLUMN counted_at timestamptz NOT NULL
    GENERATED ALWAYS AS (coalesce(approved_at, ordered_at, as_of)) STORED;
CREATE INDEX purchases_by_moment ON purchases (account_id, counted_at DESC, key DESC);
DROP INDEX purchases_by_time;
CREATE INDEX purchases_of_subscription ON purchases (account_id, subscriber_code, counted_at DESC)
    WHERE subscriber_code IS NOT NULL;
CREATE INDEX purchases_disputed ON purchases (account_id, key) WHERE status = 'disputed';
CREATE INDEX purchases_guaranteed ON purchases (account_id, warranty_on) WHERE warranty_on IS NOT NULL;
CREATE INDEX milestones_of_kind ON milestones (account_id, kind, occurred_at DESC, key DESC)
    WHERE kind IN ('refunded', 'partially_refunded', 'chargeback', 'disputed', 'first_access', 'module_completed');
CREATE INDEX milestones_of_visitor ON milestones (account_id, client_id, product_id) WHERE kind = 'first_access';
CREATE INDEX subscriptions_by_start ON subscriptions (account_id, first_at DESC, code DESC);
CREATE INDEX subscriptions_by_end ON subscriptions (account_id, canceled_at DESC, code DESC)
    WHERE canceled_at IS NOT NULL;
"""

# '' in a, b or currency: the ledger does not say.
SUMS = """
CREATE TABLE day_sums (
    account_id bigint NOT NULL,
    figure text NOT NULL,
    day date NOT NULL,
    a text NOT NULL,
    b text NOT NULL,
    currency text NOT NULL,
    number bigint NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (account_id, figure, day, a, b, currency)
);
CREATE INDEX day_sums_of_day ON day_sums (account_id, day);
-- Of the days that are kept, stale ones too. What has gone leaves rows of number 0.
CREATE TABLE month_sums (
    account_id bigint NOT NULL,
    figure text NOT NULL,
    month date NOT NULL,
    a text NOT NULL,
    b text NOT NULL,
    currency text NOT NULL,
    number bigint NOT NULL,
    amount numeric NOT NULL,
    PRIMARY KEY (account_id, figure, month, a, b, currency)
);
CREATE TABLE stale_days (
    account_id bigint NOT NULL,
    day date NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, day)
);
"""

SETTINGS = """
ALTER TABLE accounts ADD COLUMN refund_days smallint NOT NULL DEFAULT 5 CHECK (refund_days BETWEEN 1 AND 60);
ALTER TABLE accounts ADD COLUMN sck_separator text NOT NULL DEFAULT '|' CHECK (length(sck_separator) BETWEEN 1 AND 5);
ALTER TABLE accounts ADD COLUMN chargeback_line numeric NOT NULL DEFAULT 0.01
    CHECK (chargeback_line > 0 AND chargeback_line < 1);
CREATE TABLE origin_aliases (
    account_id bigint NOT NULL REFERENCES accounts,
    origin text NOT NULL CHECK (origin IN ('src', 'sck', 'affiliate', 'coupon')),
    value text NOT NULL,
    alias text NOT NULL,
    PRIMARY KEY (account_id, origin, value)
);
"""

# What a subscription is worth a month: its last charge that stands, over the period from that charge to the next one,
# else from the one before. A period is the nearest of those Hotmart sells; months of it divide the charge.
TERMS = """
CREATE VIEW subscription_terms AS
SELECT s.*, last.gross_value AS charge_value, last.gross_currency AS charge_currency, last.counted_at AS charged_at,
    period.days AS period_days, round(last.gross_value * period.times / period.months, 2) AS monthly_value
FROM subscriptions s
LEFT JOIN LATERAL (
    SELECT p.gross_value, p.gross_currency, p.counted_at FROM purchases p
    WHERE p.account_id = s.account_id AND p.subscriber_code = s.code AND p.category = 'active'
        AND p.gross_value IS NOT NULL AND p.gross_currency IS NOT NULL
    ORDER BY p.counted_at DESC, p.key DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT p.counted_at FROM purchases p
    WHERE p.account_id = s.account_id AND p.subscriber_code = s.code AND p.category = 'active'
        AND p.counted_at < last.counted_at
    ORDER BY p.counted_at DESC LIMIT 1
) earlier ON true
LEFT JOIN LATERAL (
    SELECT extract(epoch FROM CASE WHEN s.next_charge_at > last.counted_at THEN s.next_charge_at - last.counted_at
        ELSE last.counted_at - earlier.counted_at END) / 86400 AS days
) gap ON true
LEFT JOIN LATERAL (
    SELECT known.days, known.months, known.times
    FROM (VALUES (7, 12, 52), (30, 1, 1), (60, 2, 1), (90, 3, 1), (180, 6, 1), (365, 12, 1)) known (days, months, times)
    WHERE gap.days BETWEEN 5 AND 400 ORDER BY abs(known.days - gap.days) LIMIT 1
) period ON true;
"""

REFUND_KINDS = "('refunded', 'partially_refunded', 'chargeback')"
SUMMED_KINDS = "('refunded', 'partially_refunded', 'chargeback', 'first_access', 'module_completed')"

# Which days a set of changed rows touches, by table; {rows} are the rows as they are and as they were.
DAYS = {
    "purchases": """
        SELECT r.account_id, (r.counted_at AT TIME ZONE z.timezone)::date AS day
            FROM {rows} r JOIN accounts z ON z.id = r.account_id
        UNION SELECT account_id, warranty_on FROM {rows} WHERE warranty_on IS NOT NULL
        UNION SELECT r.account_id, (s.first_at AT TIME ZONE z.timezone)::date
            FROM (SELECT DISTINCT account_id, subscriber_code FROM {rows} WHERE subscriber_code IS NOT NULL) r
            JOIN subscriptions s ON s.account_id = r.account_id AND s.code = r.subscriber_code
            JOIN accounts z ON z.id = r.account_id
        {before}""",
    "milestones": f"""
        SELECT r.account_id, (r.occurred_at AT TIME ZONE z.timezone)::date AS day
            FROM {{rows}} r JOIN accounts z ON z.id = r.account_id WHERE r.kind IN {SUMMED_KINDS}
        UNION SELECT r.account_id, (p.counted_at AT TIME ZONE z.timezone)::date
            FROM (SELECT account_id, client_id, product_id FROM {{rows}} WHERE kind = 'first_access') r
            JOIN purchases p ON p.account_id = r.account_id AND p.client_id = r.client_id
                AND p.product_id = r.product_id
            JOIN accounts z ON z.id = r.account_id
        {{before}}""",
    "opportunities": """
        SELECT r.account_id, (r.last_at AT TIME ZONE z.timezone)::date AS day
            FROM {rows} r JOIN accounts z ON z.id = r.account_id
        UNION SELECT r.account_id, (r.recovered_at AT TIME ZONE z.timezone)::date
            FROM {rows} r JOIN accounts z ON z.id = r.account_id WHERE r.recovered_at IS NOT NULL
        {before}""",
    "subscriptions": """
        SELECT r.account_id, (r.first_at AT TIME ZONE z.timezone)::date AS day
            FROM {rows} r JOIN accounts z ON z.id = r.account_id
        UNION SELECT r.account_id, (r.canceled_at AT TIME ZONE z.timezone)::date
            FROM {rows} r JOIN accounts z ON z.id = r.account_id WHERE r.canceled_at IS NOT NULL
        {before}""",
}
# A purchase that changes its status takes it from the day of its refund or chargeback too. One that is new has its
# milestones written after it, and these mark their own day.
REFUNDS = f"""UNION SELECT r.account_id, (m.occurred_at AT TIME ZONE z.timezone)::date
            FROM {{rows}} r JOIN milestones m ON m.account_id = r.account_id AND m.kind IN {REFUND_KINDS}
                AND m.key = r.key
            JOIN accounts z ON z.id = r.account_id"""
ROWS = {
    "insert": ("REFERENCING NEW TABLE AS new_rows", "new_rows"),
    "delete": ("REFERENCING OLD TABLE AS old_rows", "old_rows"),
    "update": (
        "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
        "(TABLE old_rows UNION ALL TABLE new_rows)",
    ),
}
MARK = """
CREATE FUNCTION stale_after_{event}_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stale_days (account_id, day)
    {days}
    ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER stale_after_{event} AFTER {event} ON {table} {referencing}
    FOR EACH STATEMENT EXECUTE FUNCTION stale_after_{event}_of_{table}();
"""
# Another zone moves a moment to the day before or after at most.
ZONE = """
CREATE FUNCTION stale_after_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stale_days (account_id, day)
    SELECT DISTINCT NEW.id, k.day + shift FROM (
        SELECT day FROM day_sums WHERE account_id = NEW.id UNION SELECT day FROM stale_days WHERE account_id = NEW.id
    ) k, generate_series(-1, 1) AS shift
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER stale_after_zone AFTER UPDATE OF timezone ON accounts
    FOR EACH ROW WHEN (OLD.timezone IS DISTINCT FROM NEW.timezone) EXECUTE FUNCTION stale_after_zone();
"""
# What is there already has never been summed.
FIRST = """
INSERT INTO stale_days (account_id, day) SELECT * FROM ({days}) d ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    for block in (COUNTED_AT, SUMS, SETTINGS, TERMS, ZONE):
        op.execute(block)
    for table, days in DAYS.items():
        op.execute(FIRST.format(days=days.format(rows=table, before="")))
        for event, (referencing, rows) in ROWS.items():
            before = REFUNDS.format(rows=rows) if table == "purchases" and event != "insert" else ""
            marked = days.format(rows=rows, before=before)
            op.execute(MARK.format(event=event, table=table, days=marked, referencing=referencing))


def downgrade() -> None:
    op.execute("DROP VIEW subscription_terms")
    op.execute("DROP TRIGGER stale_after_zone ON accounts; DROP FUNCTION stale_after_zone()")
    for table in DAYS:
        for event in ROWS:
            op.execute(f"DROP TRIGGER stale_after_{event} ON {table}; DROP FUNCTION stale_after_{event}_of_{table}()")
    op.execute("DROP TABLE origin_aliases, stale_days, month_sums, day_sums")
    op.execute(
        "ALTER TABLE accounts DROP COLUMN refund_days, DROP COLUMN sck_separator, DROP COLUMN chargeback_line;"
        "DROP INDEX subscriptions_by_end, subscriptions_by_start, milestones_of_visitor, milestones_of_kind,"
        " purchases_guaranteed, purchases_disputed, purchases_of_subscription, purchases_by_moment;"
        "ALTER TABLE purchases DROP COLUMN counted_at;"
        "CREATE INDEX purchases_by_time ON purchases (account_id, ordered_at DESC NULLS LAST, key)"
    )
