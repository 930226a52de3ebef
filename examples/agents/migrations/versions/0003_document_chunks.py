"""Pieces of documents with their embeddings."""

import sqlalchemy as sa
from alembic import op

from agents.db.types import Key, Moment, embedding

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "document_chunks",
        sa.Column("id", Key(), nullable=False),
        sa.Column("tenant_id", Key(), nullable=False),
        sa.Column("document", sa.String(500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("embedding", embedding(), nullable=False),
        sa.Column("created_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_document_chunks"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_document_chunks_tenant_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "tenant_id", "document", "position", name="uq_document_chunks_tenant_id_document_position"
        ),
    )


def downgrade() -> None:
    op.drop_table("document_chunks")
