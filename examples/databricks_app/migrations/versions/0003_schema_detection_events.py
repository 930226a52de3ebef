"""When an endpoint was asked what it expects, and what was found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schema_detection_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("endpoint_name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("detected_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("schema", JSONB()),
        sa.Column("message", sa.Text()),
        sa.Column("detected_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schema_detection_events"),
        sa.CheckConstraint(
            "detected_type IN ('FOUNDATION_MODEL', 'MLFLOW_MODEL', 'UNKNOWN')",
            name=op.f("ck_schema_detection_events_detected_type"),
        ),
        sa.CheckConstraint(
            "status IN ('SUCCESS', 'FAILURE')", name=op.f("ck_schema_detection_events_status")
        ),
    )


def downgrade() -> None:
    op.drop_table("schema_detection_events")
