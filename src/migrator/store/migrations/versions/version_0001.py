"""The tables of version 0.1.0: where every older store begins.

`migrate.py` never runs this step, because a new store is made whole. It is where the order begins,
and what the tests compare today's tables with: these and all later steps must give the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables as they were released first."""

    def text(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text, nullable=False) for name in names]

    op.create_table("meta", sa.Column("schema_version", sa.Integer, nullable=False), *text("kind"))
    op.create_table(
        "blobs",
        sa.Column("digest", sa.Text, primary_key=True),
        *text("kind"),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        *text("mode", "target"),
        sa.Column("seed", sa.Integer, nullable=False),
        *text("plan_name", "plan_digest", "itinerary_digest", "started"),
    )
    op.create_table(
        "journal",
        *text("run"),
        sa.Column("seq", sa.Integer, nullable=False),
        *text("at"),
        sa.Column("epoch", sa.Integer, nullable=False),
        *text("actor", "kind"),
        sa.Column("version", sa.Integer, nullable=False),
        *text("data", "prev_hash", "hash"),
        sa.PrimaryKeyConstraint("run", "seq"),
    )
    op.create_table(
        "commands",
        sa.Column("number", sa.Integer, primary_key=True),
        *text("run", "id", "verb", "actor"),
        sa.Column("asserted", sa.Integer, nullable=False),
        *text("target", "reason"),
        sa.Column("saw", sa.Integer, nullable=False),
        *text("details", "submitted"),
        sa.Column("answer", sa.Text),
        sa.UniqueConstraint("run", "id"),
    )
    op.create_table(
        "codes", *text("run", "person", "digest"), sa.PrimaryKeyConstraint("run", "person")
    )
    op.create_table(
        "leases",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table("facts", *text("run", "key", "data"), sa.PrimaryKeyConstraint("run", "key"))
    op.create_table(
        "notes",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("text", sa.Text),
    )
