"""Attempts that did not become sales, and the sales that followed them: recomputed with the rest of the ledger.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# One row per attempt. The last of an episode is the opportunity (open, recovered), the earlier ones are superseded.
# No foreign key to accounts, for the reason given in 0001. A list reads through the
# index of its state, panels group what such an index finds.
OPPORTUNITIES = """
CREATE TABLE opportunities (
    account_id bigint NOT NULL,
    key text NOT NULL,
    client_id uuid,
    product_id text,
    product_name text,
    offer_code text,
    offer_name text,
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'recovered', 'superseded')),
    attempts integer NOT NULL,
    purchase_key text,
    amount_value numeric,
    amount_currency text,
    payment_type text,
    payment_link text,
    due_at timestamptz,
    reason text,
    refusal text,
    opened_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    recovered_by text,
    recovered_at timestamptz,
    recovered_value numeric,
    recovered_currency text,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX opportunities_open ON opportunities (account_id, last_at DESC, key DESC) WHERE state = 'open';
CREATE INDEX opportunities_recovered ON opportunities (account_id, recovered_at DESC, key DESC)
    WHERE state = 'recovered';
CREATE INDEX opportunities_by_time ON opportunities (account_id, last_at DESC, key DESC);
CREATE INDEX opportunities_of_product ON opportunities (account_id, product_id, last_at DESC, key DESC);
CREATE INDEX opportunities_of_client ON opportunities (account_id, client_id);
"""


def upgrade() -> None:
    op.execute(OPPORTUNITIES)


def downgrade() -> None:
    op.execute("DROP TABLE opportunities")
