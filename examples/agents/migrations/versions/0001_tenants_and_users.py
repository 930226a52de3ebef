"""Tenants, their users, and the audit log."""

import sqlalchemy as sa
from alembic import op

from agents.db.types import Key, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", Key(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("chat_limit_per_minute", sa.Integer()),
        sa.Column("created_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.CheckConstraint("chat_limit_per_minute > 0", name=op.f("ck_tenants_chat_limit_positive")),
    )
    op.create_table(
        "users",
        sa.Column("id", Key(), nullable=False),
        sa.Column("tenant_id", Key(), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_users_tenant_id", ondelete="CASCADE"),
        sa.UniqueConstraint("tenant_id", "external_id", name="uq_users_tenant_id_external_id"),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'admin')", name=op.f("ck_users_role")),
    )
    op.create_index("ix_users_external_id", "users", ["external_id"])
    op.create_table(
        "audit_log",
        sa.Column("id", Key(), nullable=False),
        sa.Column("tenant_id", Key(), nullable=False),
        sa.Column("actor_id", Key(), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("object_id", Key(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_audit_log_tenant_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_audit_log_tenant_id_created_at", "audit_log", ["tenant_id", "created_at"])


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("users")
    op.drop_table("tenants")
