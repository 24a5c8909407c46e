"""What a visit came to whose capture was redacted after a ruling: the ruling's revision is gone with it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("redactions", sa.Column("outcome", sa.Text(), nullable=True))
