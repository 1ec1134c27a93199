"""Notes and tags that people keep on clients.

Revision ID: 0006
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Kept by e-mail and without a key to `clients`: that table is folded from facts and loses a client whose import is
# undone. What people wrote waits for the client to come back. An author who is null wrote through the API.
NOTES = """
CREATE TABLE notes (
    account_id bigint NOT NULL REFERENCES accounts,
    id uuid NOT NULL,
    email text NOT NULL,
    body text NOT NULL,
    author_id bigint REFERENCES users,
    written_at timestamptz NOT NULL,
    edition integer NOT NULL DEFAULT 1,
    edited_by bigint REFERENCES users,
    edited_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX notes_of_client ON notes (account_id, email, written_at DESC, id);
"""

# `folded` is what makes two spellings one tag; `name` is how the first one wrote it.
TAGS = """
CREATE TABLE tags (
    account_id bigint NOT NULL REFERENCES accounts,
    folded text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (account_id, folded)
);
CREATE TABLE client_tags (
    account_id bigint NOT NULL,
    email text NOT NULL,
    folded text NOT NULL,
    added_by bigint REFERENCES users,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, email, folded),
    FOREIGN KEY (account_id, folded) REFERENCES tags
);
CREATE INDEX client_tags_of_tag ON client_tags (account_id, folded, email);
"""


def upgrade() -> None:
    op.execute(NOTES)
    op.execute(TAGS)


def downgrade() -> None:
    for table in ("client_tags", "tags", "notes"):
        op.execute(f"DROP TABLE {table}")
