"""Workers that tell that they live, the run that a flight's findings are of, frames of videos."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# As they were at this version: a migration never changes any more.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go on to this version."""
    op.create_table(
        "workers",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_workers_seen_at", "workers", ["seen_at"], unique=False)
    op.add_column("flights", sa.Column("run_id", TEXT, nullable=True))
    op.add_column("files", sa.Column("frame_number", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back to the version before: without frames' numbers, videos are to be sent anew."""
    op.drop_column("files", "frame_number")
    op.drop_column("flights", "run_id")
    op.drop_index("ix_workers_seen_at", table_name="workers")
    op.drop_table("workers")
