"""Hooks a CRM sends us: their secrets, and those about leads of nobody yet. Addresses our own messages go to.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# `sealed` is the secret for whoever watches the subscription; `looked_until` is the newest change of a lead seen there.
HOOKS = """
CREATE TABLE crm_hooks (
    account_id bigint NOT NULL REFERENCES accounts,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    checked_at timestamptz,
    state text,
    looked_until timestamptz,
    PRIMARY KEY (account_id, digest)
);
"""

# `code` is a transaction the lead itself names. Rows go once the lead is known; the delivery is then read again.
WAITS = """
CREATE TABLE lead_waits (
    account_id bigint NOT NULL,
    delivery_id bigint NOT NULL,
    lead_id bigint NOT NULL,
    kommo_id bigint,
    code text,
    PRIMARY KEY (account_id, delivery_id, lead_id)
);
CREATE INDEX lead_waits_of_lead ON lead_waits (account_id, lead_id);
"""

# Secrets are sealed; `older` is live beside `secret` while the receiver changes over. `failures` since `failing_since`.
ENDPOINTS = """
CREATE TABLE webhook_endpoints (
    account_id bigint NOT NULL REFERENCES accounts,
    id bigint GENERATED ALWAYS AS IDENTITY,
    url text NOT NULL,
    secret bytea NOT NULL,
    older bytea,
    state text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'disabled', 'deleted')),
    cause text,
    failing_since timestamptz,
    failures integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id)
);
"""


def upgrade() -> None:
    for block in (HOOKS, WAITS, ENDPOINTS):
        op.execute(block)


def downgrade() -> None:
    for table in ("webhook_endpoints", "lead_waits", "crm_hooks"):
        op.execute(f"DROP TABLE {table}")
