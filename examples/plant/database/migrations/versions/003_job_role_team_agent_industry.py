"""Industries, the roles in them, teams, and the agents that fill a role with a skill."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None


def entity(table: str, *elements: sa.Column | sa.ForeignKeyConstraint | sa.CheckConstraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        *elements,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["id"], ["base_entity.id"], name=f"fk_{table}_id"),
        sa.UniqueConstraint("name", name=f"uq_{table}_name"),
    )


def reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    entity("industry_entity")
    entity("team_entity")
    entity(
        "job_role_entity",
        sa.Column("required_skills", pg.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("seniority", sa.String(20), server_default="mid", nullable=False),
        sa.Column("industry_id", sa.Uuid(), nullable=False),
        reference("job_role_entity", "industry_id", "industry_entity"),
        sa.CheckConstraint(
            "seniority IN ('junior', 'mid', 'senior', 'lead')", name=op.f("ck_job_role_entity_seniority")
        ),
    )
    entity(
        "agent_entity",
        sa.Column("skill_id", sa.Uuid(), nullable=False),
        sa.Column("job_role_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("industry_id", sa.Uuid(), nullable=False),
        reference("agent_entity", "skill_id", "skill_entity"),
        reference("agent_entity", "job_role_id", "job_role_entity"),
        reference("agent_entity", "team_id", "team_entity"),
        reference("agent_entity", "industry_id", "industry_entity"),
    )
    op.create_index("ix_job_role_entity_industry_id", "job_role_entity", ["industry_id"])
    for column in ("skill_id", "job_role_id", "team_id", "industry_id"):
        op.create_index(f"ix_agent_entity_{column}", "agent_entity", [column])


def downgrade() -> None:
    for table in ("agent_entity", "job_role_entity", "team_entity", "industry_entity"):
        op.drop_table(table)
