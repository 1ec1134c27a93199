"""Automations may send messages to an address; what an address last failed of.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A draft may still have no address. Rows of deleted addresses stay, for the automations that named them.
DESTINATION = """
ALTER TABLE automations
    ADD COLUMN endpoint_id bigint,
    ADD CONSTRAINT automations_endpoint FOREIGN KEY (account_id, endpoint_id)
        REFERENCES webhook_endpoints (account_id, id),
    ADD CONSTRAINT automations_endpoint_of_webhook CHECK (destination = 'webhook' OR endpoint_id IS NULL);
CREATE INDEX automations_of_endpoint ON automations (account_id, endpoint_id) WHERE endpoint_id IS NOT NULL;
"""

# `trouble` is the cause of the latest failure since `failing_since`; `cause` says why an address is disabled.
TROUBLE = "ALTER TABLE webhook_endpoints ADD COLUMN trouble text, ADD COLUMN rotated_at timestamptz"

# Which addresses have a message under way, and what a single automation is owed next. The latter does not begin with
# the account: else a planner without statistics takes it for a look at one thread, and reads all of it. It takes the
# place of an index over all automations, in which what may not be sent now stood in the way of everything behind it.
INDEXES = """
DROP INDEX outbox_due;
CREATE INDEX outbox_leased ON outbox (account_id, automation_id) WHERE state = 'leased';
CREATE INDEX outbox_of_automation ON outbox (automation_id, priority, due_at, id)
    WHERE state IN ('waiting', 'failed', 'leased');
"""

# Pages of the history: what stands in a state, of one automation or all, why, and since when; counted by index alone.
HISTORY = """
CREATE INDEX history_of_state ON outbox (account_id, state, id);
CREATE INDEX history_of_automation ON outbox (account_id, automation_id, state, id) INCLUDE (trigger);
CREATE INDEX history_of_cause ON outbox (account_id, cause, id) WHERE cause IS NOT NULL;
CREATE INDEX history_by_making ON outbox (account_id, made_at);
"""


def upgrade() -> None:
    for block in (DESTINATION, TROUBLE, INDEXES, HISTORY):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP INDEX history_by_making, history_of_cause, history_of_automation, history_of_state")
    op.execute("DROP INDEX outbox_of_automation, outbox_leased")
    op.execute(
        "CREATE INDEX outbox_due ON outbox (priority, due_at, id) WHERE state IN ('waiting', 'failed', 'leased')"
    )
    op.execute("ALTER TABLE webhook_endpoints DROP COLUMN rotated_at, DROP COLUMN trouble")
    op.execute("ALTER TABLE automations DROP COLUMN endpoint_id")
