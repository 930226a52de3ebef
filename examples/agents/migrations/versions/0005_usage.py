"""What tenants used, request by request and day by day."""

import sqlalchemy as sa
from alembic import op

from agents.db.types import Key, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _counter(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "usage_metrics",
        sa.Column("id", Key(), nullable=False),
        sa.Column("tenant_id", Key(), nullable=False),
        sa.Column("user_id", Key(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("model", sa.String(100)),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("completion_tokens", sa.Integer()),
        sa.Column("created_at", Moment(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage_metrics"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_usage_metrics_tenant_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_usage_metrics_tenant_id_created_at_id", "usage_metrics", ["tenant_id", "created_at", "id"]
    )
    op.create_table(
        "daily_summaries",
        sa.Column("id", Key(), nullable=False),
        sa.Column("tenant_id", Key(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        _counter("requests"),
        _counter("errors"),
        _counter("prompt_tokens"),
        _counter("completion_tokens"),
        sa.PrimaryKeyConstraint("id", name="pk_daily_summaries"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_daily_summaries_tenant_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("tenant_id", "date", name="uq_daily_summaries_tenant_id_date"),
    )


def downgrade() -> None:
    op.drop_table("daily_summaries")
    op.drop_table("usage_metrics")
