"""Version 4: what the people's weekend keeps beside its journals.

Second devices, how and by whom sessions began and ended, what the pages refused; pictures that
handlers send, who erased a note or a picture and why, and who has tried the pages beforehand.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Widen the sessions, and make the new tables."""

    def text(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text, nullable=False) for name in names]

    for name in ("device", "way", "roles", "ended_by"):
        op.add_column("sessions", sa.Column(name, sa.Text))
    op.create_table(
        "second_devices",
        *text("run", "person", "token"),
        sa.Column("code", sa.Text),
        *text("session", "until"),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run", "person"),
    )
    op.create_table("arrivals", sa.Column("state", sa.Text, primary_key=True), *text("until"))
    op.create_table(
        "refusals",
        *text("run", "minute", "kind", "person"),
        sa.Column("count", sa.Integer, nullable=False),
        *text("last"),
        sa.PrimaryKeyConstraint("run", "minute", "kind", "person"),
    )
    op.create_table(
        "tokens",
        sa.Column("digest", sa.Text, primary_key=True),
        *text("run", "person", "label", "only", "made", "until"),
        sa.Column("ended", sa.Text),
    )
    op.create_table(
        "intake",
        *text("run", "key", "source", "target", "text", "person", "first", "last"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("count", "told", "asked")),
        sa.Column("over", sa.Integer, nullable=False),
        sa.Column("due", sa.Text),
        sa.PrimaryKeyConstraint("run", "key"),
    )
    op.create_table(
        "pictures",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("bytes", sa.LargeBinary),
        *text("media", "run", "subject", "person", "kept"),
        sa.Column("named", sa.Integer, nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("digest", sa.Text, primary_key=True),
        *text("kind", "person", "erased", "why"),
    )
    op.create_table(
        "practice_ticks",
        *text("run", "person", "device", "ticked"),
        sa.PrimaryKeyConstraint("run", "person", "device"),
    )
