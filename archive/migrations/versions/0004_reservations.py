"""What a page reserves. Of what was kept before nothing is known: its records do not say it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("revisions", sa.Column("reservations", sa.Text(), nullable=False, server_default="[]"))
