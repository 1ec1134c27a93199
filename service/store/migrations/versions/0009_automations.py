"""Automations, the account of Kommo they write to, and the outbox of what they are owed.

Revision ID: 0009
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Whether the pipeline has to look for promises at all: told with the account, so that the others pay nothing.
FLAG = "ALTER TABLE accounts ADD COLUMN automated boolean NOT NULL DEFAULT false"

# A deleted automation stays as a row, for the history of what it did.
AUTOMATIONS = """
CREATE TABLE automations (
    account_id bigint NOT NULL REFERENCES accounts,
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    trigger text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'on', 'off', 'deleted')),
    filter jsonb NOT NULL,
    destination text NOT NULL CHECK (destination IN ('kommo', 'webhook')),
    mapping jsonb NOT NULL,
    policy text NOT NULL,
    even_overtaken boolean NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
"""

# `book` is what is set up there (pipelines, fields, users), as of `book_at`.
CONNECTIONS = """
CREATE TABLE kommo_connections (
    account_id bigint PRIMARY KEY REFERENCES accounts,
    origin text NOT NULL,
    token bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('connected', 'refused', 'disconnected')),
    cause text,
    expires_at timestamptz,
    kommo_id bigint NOT NULL,
    connected_at timestamptz NOT NULL,
    book jsonb,
    book_at timestamptz
);
"""

# Ids of Kommo are those of one account there; another one may be connected later.
LINKS = """
CREATE TABLE crm_links (
    account_id bigint NOT NULL,
    kommo_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('transaction', 'subscription', 'cart', 'client_product', 'lead', 'client')),
    key text NOT NULL,
    lead_id bigint,
    contact_id bigint,
    company_id bigint,
    email text,
    product_id text,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kommo_id, kind, key)
);
CREATE INDEX crm_links_of_lead ON crm_links (account_id, lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX crm_links_of_client ON crm_links (account_id, email, product_id) WHERE lead_id IS NOT NULL;
"""

# What one thread (a client, or a subject without one) is owed is delivered in the order of the ids.
# `fence` grows with every lease: who was given an older one writes nothing any more.
OUTBOX = """
CREATE TABLE outbox (
    account_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    automation_id bigint NOT NULL,
    trigger text NOT NULL,
    subject text NOT NULL,
    about_kind text NOT NULL,
    about_key text NOT NULL,
    thread text NOT NULL,
    state text NOT NULL CHECK
        (state IN ('waiting', 'leased', 'failed', 'done', 'given_up', 'passed_over', 'withdrawn')),
    cause text,
    priority smallint NOT NULL,
    occurred_at timestamptz NOT NULL,
    email text,
    product_id text,
    product_name text,
    purchase_key text,
    delivery_id bigint NOT NULL,
    overtaken text,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fence bigint NOT NULL DEFAULT 0,
    leased_until timestamptz,
    began_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    unclear_since timestamptz,
    lead_id bigint,
    done_at timestamptz,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id, automation_id, trigger, subject)
);
CREATE INDEX outbox_due ON outbox (priority, due_at, id) WHERE state IN ('waiting', 'failed', 'leased');
CREATE INDEX outbox_threads ON outbox (account_id, thread, id) WHERE state IN ('waiting', 'failed', 'leased');
CREATE INDEX outbox_newest ON outbox (account_id, id DESC);
CREATE INDEX outbox_of_delivery ON outbox (account_id, delivery_id);
CREATE INDEX outbox_of_client ON outbox (account_id, email, id DESC) WHERE email IS NOT NULL;
CREATE INDEX outbox_of_purchase ON outbox (account_id, purchase_key) WHERE purchase_key IS NOT NULL;
CREATE INDEX outbox_of_lead ON outbox (account_id, lead_id) WHERE lead_id IS NOT NULL;
CREATE TABLE outbox_attempts (
    account_id bigint NOT NULL,
    outbox_id bigint NOT NULL,
    number integer NOT NULL,
    automation_version integer NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    outcome text NOT NULL,
    cause text,
    message text,
    decision jsonb NOT NULL,
    changes jsonb NOT NULL,
    exchanges jsonb NOT NULL,
    PRIMARY KEY (account_id, outbox_id, number)
);
"""


def upgrade() -> None:
    for block in (FLAG, AUTOMATIONS, CONNECTIONS, LINKS, OUTBOX):
        op.execute(block)


def downgrade() -> None:
    for table in ("outbox_attempts", "outbox", "crm_links", "kommo_connections", "automations"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE accounts DROP COLUMN automated")
