"""Section, wire credit, lead image, and what places of a page disagree on. Records of before do not say them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name in ("section", "wire_credit", "image", "image_caption", "image_credit"):
        op.add_column("revisions", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("disagreements", sa.Text(), nullable=False, server_default="{}"))
