"""The rows of a file that were not taken, in the order of the file: shown page by page, and streamed as a file.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX deliveries_failed ON deliveries (account_id, import_id, row_number) WHERE fate = 'failed'")


def downgrade() -> None:
    op.execute("DROP INDEX deliveries_failed")
