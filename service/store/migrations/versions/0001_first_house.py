"""The first house: accounts, inbox, facts, ledger, imports.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACCOUNTS = """
CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    timezone text NOT NULL,
    role text NOT NULL CHECK (role IN ('producer', 'coproducer', 'affiliate')),
    salt bytea NOT NULL,
    plan text NOT NULL DEFAULT 'ultra' CHECK (plan IN ('free', 'plus', 'pro', 'max', 'ultra')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE hottoks (
    account_id bigint NOT NULL REFERENCES accounts,
    digest bytea NOT NULL,
    hint text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (account_id, digest)
);
CREATE TABLE api_tokens (
    account_id bigint NOT NULL REFERENCES accounts,
    digest bytea NOT NULL,
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (account_id, digest)
);
"""

# Bodies are written once and never change, while the state of their row does: they are kept out of line
# (toast_tuple_target, EXTERNAL), so that marking a delivery done does not write its body again.
INBOX = """
CREATE TABLE deliveries (
    account_id bigint NOT NULL REFERENCES accounts,
    id bigint GENERATED ALWAYS AS IDENTITY,
    source text NOT NULL,
    key text NOT NULL,
    event text,
    digest bytea,
    body bytea,
    received_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'done', 'set_aside', 'kept', 'test', 'withdrawn')),
    reason text,
    notes json,
    attempts smallint NOT NULL DEFAULT 0,
    variant boolean NOT NULL DEFAULT false,
    import_id bigint,
    chunk integer,
    row_number integer,
    fate text CHECK (fate IN ('created', 'updated', 'unchanged', 'skipped', 'failed')),
    done_at timestamptz,
    PRIMARY KEY (account_id, id)
) WITH (toast_tuple_target = 128);
ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX deliveries_key ON deliveries (account_id, source, key)
    WHERE NOT variant AND import_id IS NULL;
CREATE UNIQUE INDEX deliveries_variant ON deliveries (account_id, source, key, digest)
    WHERE variant AND import_id IS NULL;
CREATE INDEX deliveries_open ON deliveries (account_id, id) WHERE state = 'pending' AND import_id IS NULL;
CREATE UNIQUE INDEX deliveries_of_import ON deliveries (account_id, import_id, chunk, row_number)
    WHERE import_id IS NOT NULL;
CREATE INDEX deliveries_set_aside ON deliveries (account_id, id) WHERE state = 'set_aside';

CREATE TABLE repeats (
    account_id bigint NOT NULL REFERENCES accounts,
    source text NOT NULL,
    key text NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX repeats_of_key ON repeats (account_id, source, key);

CREATE TABLE drains (
    account_id bigint NOT NULL REFERENCES accounts,
    lane text NOT NULL,
    batch_size integer NOT NULL,
    delivery_id bigint,
    attempts smallint NOT NULL DEFAULT 0,
    started_at timestamptz,
    PRIMARY KEY (account_id, lane)
);
CREATE TABLE tallies (
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (account_id, name)
);
CREATE TABLE heartbeats (
    name text PRIMARY KEY,
    beat_at timestamptz NOT NULL
);
"""

FACTS = """
-- Facts and ledger have no foreign key to accounts: only the pipeline writes them, under the lock of an account it read
-- in the same transaction, and the check of every row was a tenth of PostgreSQL's work.
CREATE TABLE facts (
    account_id bigint NOT NULL,
    subject text NOT NULL,
    delivery_id bigint NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    said text NOT NULL,
    as_of timestamptz NOT NULL,
    certainty smallint NOT NULL,
    occurred_at timestamptz NOT NULL,
    email text,
    status text,
    digest bytea NOT NULL,
    fields json NOT NULL,
    PRIMARY KEY (account_id, subject, delivery_id)
);
CREATE INDEX facts_of_delivery ON facts (account_id, delivery_id);
"""

LEDGER = """
CREATE TABLE purchases (
    account_id bigint NOT NULL,
    key text NOT NULL,
    subject text NOT NULL,
    transaction text,
    email text,
    client_id uuid,
    status text NOT NULL,
    category text NOT NULL,
    product_id text,
    product_name text,
    product_ucode text,
    offer_code text,
    offer_name text,
    coupon text,
    paid_value numeric,
    paid_currency text,
    gross_value numeric,
    gross_currency text,
    gross_basis text,
    net_value numeric,
    net_currency text,
    fee_value numeric,
    fee_currency text,
    affiliate_commission_value numeric,
    affiliate_commission_currency text,
    coproducer_commission_value numeric,
    coproducer_commission_currency text,
    payment_type text,
    billing_type text,
    installments integer,
    recurrence_number integer,
    charge_count integer,
    subscriber_code text,
    plan_name text,
    order_group text NOT NULL,
    parent_transaction text,
    is_bump boolean NOT NULL,
    src text,
    sck text,
    xcod text,
    channel text,
    affiliate text,
    affiliate_code text,
    sold_as text,
    refusal_reason text,
    payment_link text,
    country text,
    quantity integer,
    flags text NOT NULL,
    ordered_at timestamptz,
    approved_at timestamptz,
    due_at timestamptz,
    warranty_on date,
    as_of timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX purchases_of_client ON purchases (account_id, client_id);
CREATE INDEX purchases_of_transaction ON purchases (account_id, transaction);
CREATE INDEX purchases_of_product ON purchases (account_id, product_id, as_of DESC, key);
CREATE INDEX purchases_by_time ON purchases (account_id, ordered_at DESC NULLS LAST, key);

CREATE TABLE milestones (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    subject text NOT NULL,
    id uuid NOT NULL,
    email text,
    client_id uuid,
    occurred_at timestamptz NOT NULL,
    approximate boolean NOT NULL,
    times integer NOT NULL,
    last_at timestamptz NOT NULL,
    product_id text,
    product_name text,
    transaction text,
    amount_value numeric,
    amount_currency text,
    status text,
    detail text,
    source text NOT NULL,
    delivery_id bigint NOT NULL,
    PRIMARY KEY (account_id, kind, key)
);
CREATE INDEX milestones_of_client ON milestones (account_id, client_id, occurred_at DESC, id);
-- Carts and visits: the products that no purchase names.
CREATE INDEX milestones_of_product ON milestones (account_id, product_id, occurred_at DESC) WHERE transaction IS NULL;

CREATE TABLE mentions (
    account_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('client', 'subscription')),
    about text NOT NULL,
    story text NOT NULL,
    subject text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    layers json NOT NULL,
    PRIMARY KEY (account_id, kind, about, story)
);

CREATE TABLE clients (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    email_text text,
    name text,
    phone text,
    phone_text text,
    document text,
    document_type text,
    country text,
    state text,
    city text,
    postcode text,
    address text,
    address_number text,
    address_complement text,
    district text,
    instagram text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX clients_of_email ON clients (account_id, email);
CREATE INDEX clients_by_last_seen ON clients (account_id, last_seen_at DESC, id);

CREATE TABLE client_revenue (
    account_id bigint NOT NULL,
    client_id uuid NOT NULL,
    currency text NOT NULL,
    active numeric NOT NULL,
    lost numeric NOT NULL,
    disputed numeric NOT NULL,
    pending numeric NOT NULL,
    net numeric NOT NULL,
    PRIMARY KEY (account_id, client_id, currency)
);

CREATE TABLE subscriptions (
    account_id bigint NOT NULL,
    code text NOT NULL,
    email text,
    client_id uuid,
    product_id text,
    product_name text,
    plan_name text,
    status text,
    next_charge_at timestamptz,
    canceled_at timestamptz,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    charges integer NOT NULL,
    PRIMARY KEY (account_id, code)
);
CREATE INDEX subscriptions_of_client ON subscriptions (account_id, client_id);

CREATE TABLE products (
    account_id bigint NOT NULL,
    id text NOT NULL,
    name text,
    PRIMARY KEY (account_id, id)
);
"""

IMPORTS = """
CREATE TABLE imports (
    account_id bigint NOT NULL REFERENCES accounts,
    id bigint GENERATED ALWAYS AS IDENTITY,
    file_name text NOT NULL,
    size bigint NOT NULL,
    digest bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('checking', 'ready', 'trying', 'running', 'completed', 'failed',
        'canceled', 'undoing', 'undone')),
    created_at timestamptz NOT NULL,
    created_by text,
    last_modified timestamptz,
    stated_at timestamptz,
    choices json NOT NULL DEFAULT '{}',
    findings json,
    reading json,
    staged boolean NOT NULL DEFAULT false,
    staged_with text,
    dry_run json,
    problem json,
    chunk_total integer NOT NULL DEFAULT 0,
    chunk_done integer NOT NULL DEFAULT 0,
    counts json NOT NULL DEFAULT '{}',
    canceling boolean NOT NULL DEFAULT false,
    attempts smallint NOT NULL DEFAULT 0,
    started_at timestamptz,
    moved_at timestamptz,
    finished_at timestamptz,
    file_deleted_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX imports_open ON imports (account_id, id)
    WHERE status IN ('checking', 'trying', 'running', 'undoing');
CREATE TABLE import_parts (
    account_id bigint NOT NULL,
    import_id bigint NOT NULL,
    part integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (account_id, import_id, part),
    FOREIGN KEY (account_id, import_id) REFERENCES imports
);
ALTER TABLE import_parts ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE import_clients (
    account_id bigint NOT NULL,
    import_id bigint NOT NULL,
    email text NOT NULL,
    fate text NOT NULL CHECK (fate IN ('created', 'updated', 'unchanged')),
    PRIMARY KEY (account_id, import_id, email),
    FOREIGN KEY (account_id, import_id) REFERENCES imports
);
CREATE TABLE import_starts (
    account_id bigint NOT NULL,
    import_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, started_at, import_id),
    FOREIGN KEY (account_id, import_id) REFERENCES imports
);
CREATE TABLE mappings (
    account_id bigint NOT NULL REFERENCES accounts,
    fingerprint text NOT NULL,
    mapping json NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, fingerprint)
);
"""

TABLES = (
    "mappings import_starts import_clients import_parts imports products subscriptions client_revenue clients"
    " mentions milestones purchases facts heartbeats tallies drains repeats deliveries api_tokens hottoks accounts"
)


def upgrade() -> None:
    for block in (ACCOUNTS, INBOX, FACTS, LEDGER, IMPORTS):
        op.execute(block)


def downgrade() -> None:
    for table in TABLES.split():
        op.execute(f"DROP TABLE {table}")
