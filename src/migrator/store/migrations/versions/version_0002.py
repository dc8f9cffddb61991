"""Version 2: the commands that wait are found without reading those that were answered.

The desk is looked at after every commit, and a weekend has thousands of ticks. Seeds may be larger
than a PostgreSQL integer; SQLite never cared.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the index, and make room for large seeds."""
    waiting = sa.text("answer IS NULL")
    op.create_index(
        "commands_waiting",
        "commands",
        ["run", "number"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("seed", type_=sa.BigInteger, existing_nullable=False)
