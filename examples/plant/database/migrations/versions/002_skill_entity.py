"""Skills."""

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "skill_entity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill_entity"),
        sa.ForeignKeyConstraint(["id"], ["base_entity.id"], name="fk_skill_entity_id"),
        sa.UniqueConstraint("name", name="uq_skill_entity_name"),
    )


def downgrade() -> None:
    op.drop_table("skill_entity")
