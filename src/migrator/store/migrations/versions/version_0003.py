"""Version 3: who may come to the pages of a run, and who is signed in there.

Both by the digests of secrets that nobody keeps here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the two tables."""

    def text(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text, nullable=False) for name in names]

    op.create_table(
        "invitations",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("code", sa.Text),
        *text("run", "person", "made", "until"),
        sa.Column("spent", sa.Text),
    )
    op.create_table(
        "sessions",
        sa.Column("token", sa.Text, primary_key=True),
        *text("run", "person", "made", "until"),
        sa.Column("ended", sa.Text),
    )
