"""What derived series remember, and since when a rule's own extreme counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dozor.storage.sql.columns import Instant, Number

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "series_pieces",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("slot", Number, autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("series", "slot", name="pk_series_pieces"),
    )
    op.add_column("rule_states", sa.Column("since", Instant(), nullable=True))
