"""What a client is sorted by name by is kept: to fold it for each of some thousand who are put in order takes too long.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# The same expression as the index of migration 0005, whose name the new index takes over.
NAMES = """
DROP INDEX clients_by_name;
ALTER TABLE clients ADD COLUMN name_key text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (left(folded(coalesce(name, email)), 100)) STORED;
CREATE INDEX clients_by_name ON clients (account_id, name_key, id);
"""
UNDO = """
DROP INDEX clients_by_name;
ALTER TABLE clients DROP COLUMN name_key;
CREATE INDEX clients_by_name ON clients (account_id, (left(folded(coalesce(name, email)), 100) COLLATE "C"), id);
"""


def upgrade() -> None:
    """Write the names once more, in the form they are sorted by."""
    op.execute(NAMES)


def downgrade() -> None:
    """Back to the folded expression in the index."""
    op.execute(UNDO)
