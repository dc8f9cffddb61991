"""Version 4: second devices, how and by whom sessions began and ended, what the pages refused."""

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
