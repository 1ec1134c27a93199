"""People: users, what they are in which account, invitations, who revealed what; when tokens were last used.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A person may work in several accounts, so `users` belongs to none; `founding` has one row for ever.
PEOPLE = """
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    password text NOT NULL,
    language text CHECK (language IN ('pt', 'en', 'es')),
    theme text CHECK (theme IN ('light', 'dark')),
    epoch integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE founding (
    sole boolean PRIMARY KEY DEFAULT true CHECK (sole),
    founded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE memberships (
    account_id bigint NOT NULL REFERENCES accounts,
    user_id bigint NOT NULL REFERENCES users,
    role text NOT NULL CHECK (role IN ('owner', 'operator', 'reader')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id);
CREATE TABLE invitations (
    account_id bigint NOT NULL REFERENCES accounts,
    digest bytea NOT NULL UNIQUE,
    email text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'operator', 'reader')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, digest)
);
CREATE TABLE reveals (
    account_id bigint NOT NULL REFERENCES accounts,
    delivery_id bigint NOT NULL,
    user_id bigint NOT NULL REFERENCES users,
    revealed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reveals_of_delivery ON reveals (account_id, delivery_id);
"""

TOKENS = """
ALTER TABLE hottoks ADD COLUMN used_at timestamptz;
ALTER TABLE api_tokens ADD COLUMN used_at timestamptz;
"""

# Deliveries are appended in the order of their arrival: a few pages of block ranges find "the last 7 days", and
# cost the door next to nothing.
ARRIVALS = """
CREATE INDEX deliveries_by_arrival ON deliveries USING brin (received_at) WITH (pages_per_range = 32)
"""


def upgrade() -> None:
    for block in (PEOPLE, TOKENS, ARRIVALS):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP INDEX deliveries_by_arrival")
    op.execute("ALTER TABLE hottoks DROP COLUMN used_at")
    op.execute("ALTER TABLE api_tokens DROP COLUMN used_at")
    for table in ("reveals", "invitations", "memberships", "founding", "users"):
        op.execute(f"DROP TABLE {table}")
