"""The history of invocations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_inference_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("inputs", JSONB(), nullable=False),
        sa.Column("predictions", JSONB()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("execution_time_ms", sa.Integer(), nullable=False),
        sa.Column("error_message", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_model_inference_logs"),
        sa.CheckConstraint(
            "status IN ('SUCCESS', 'ERROR', 'TIMEOUT')", name=op.f("ck_model_inference_logs_status")
        ),
    )
    op.create_index("ix_model_inference_logs_user_id_id", "model_inference_logs", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("model_inference_logs")
