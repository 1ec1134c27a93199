"""Clients who are one person: which address goes by which other one, and which two are not one buyer.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# `into_email` is what was said, `client_email` the end of the chain that begins with it. The two ids are those of the
# clients with these addresses: `id` is nobody's while the address goes by another one, and leads old links on.
# No foreign key to accounts, for the reason given in 0001.
IDENTITIES = """
CREATE TABLE aliases (
    account_id bigint NOT NULL,
    email text NOT NULL,
    id uuid NOT NULL,
    into_email text NOT NULL,
    client_email text NOT NULL,
    client_id uuid NOT NULL,
    since timestamptz NOT NULL,
    delivery_id bigint NOT NULL,
    PRIMARY KEY (account_id, email)
);
CREATE INDEX aliases_of_address ON aliases (account_id, into_email);
CREATE INDEX aliases_of_client ON aliases (account_id, client_email);
CREATE INDEX aliases_of_client_id ON aliases (account_id, client_id);
CREATE INDEX aliases_of_id ON aliases (account_id, id);
CREATE TABLE strangers (
    account_id bigint NOT NULL,
    email text NOT NULL,
    other text NOT NULL,
    PRIMARY KEY (account_id, email, other)
);
"""

# What suggests that two clients are one. Of whom neither is known, nothing is kept; what is longer than any document
# or telephone stays out, for no index takes whatever somebody pasted into such a field.
SUGGESTIONS = """
CREATE INDEX clients_of_document ON clients (account_id, document) WHERE length(document) <= 40;
CREATE INDEX clients_of_phone ON clients (account_id, phone) WHERE length(phone) <= 40;
"""


def upgrade() -> None:
    for block in (IDENTITIES, SUGGESTIONS):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP INDEX clients_of_phone")
    op.execute("DROP INDEX clients_of_document")
    op.execute("DROP TABLE strangers")
    op.execute("DROP TABLE aliases")
