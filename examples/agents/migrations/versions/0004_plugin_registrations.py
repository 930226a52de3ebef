"""Plugins that tenants have switched on or configured."""

import sqlalchemy as sa
from alembic import op

from agents.db.types import Key, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plugin_registrations",
        sa.Column("id", Key(), nullable=False),
        sa.Column("tenant_id", Key(), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("config", sa.JSON()),
        sa.Column("created_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plugin_registrations"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_plugin_registrations_tenant_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("tenant_id", "name", name="uq_plugin_registrations_tenant_id_name"),
    )


def downgrade() -> None:
    op.drop_table("plugin_registrations")
