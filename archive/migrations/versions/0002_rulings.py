"""What came after the first: rulings on revisions, redactions, the memory of sites; what an import asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "rulings",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("ruled_at", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("copy_of", sa.Text(), nullable=True),
        sa.Column("facts_changed", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision"),
    )
    op.create_table(
        "redactions",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("redacted_at", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.Text(), nullable=False),
        sa.Column("warc", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("text_file", sa.Text(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("redactions_by_text", "redactions", ["sha256"], unique=False)
    op.create_index("redactions_by_url", "redactions", ["url"], unique=False)
    op.create_index("redactions_by_warc", "redactions", ["warc"], unique=False)
    op.create_table(
        "sites",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("learned_at", sa.Text(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "number"),
    )
    op.create_index("visits_by_capture", "visits", ["capture"], unique=False)
    op.create_index("visits_by_article", "visits", ["article"], unique=False)
    op.create_index("revisions_by_capture", "revisions", ["capture"], unique=False)
