"""An agent reads what is its own or active, and writes what is its own. What happened is logged for good.

The role `plant_app` has to be there: roles belong to the server, and an administrator gives them a password.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None

ROLE = "plant_app"
CHILDREN = ("skill_entity", "industry_entity", "team_entity", "job_role_entity", "agent_entity")
# What was set for one transaction is empty after it, not absent: nobody is the agent of that name.
AGENT = "NULLIF(current_setting('app.current_agent_id', true), '')"


def policies(table: str, readable: str, own: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({readable})")
    op.execute(f"CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({own})")
    op.execute(f"CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({own}) WITH CHECK ({own})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {ROLE}")


def upgrade() -> None:
    own = f"governance_agent_id = {AGENT}"
    policies("base_entity", f"{own} OR status = 'active'", own)
    for table in CHILDREN:
        # What may be seen of base_entity here is what its own policy shows.
        base = f"EXISTS (SELECT FROM base_entity b WHERE b.id = {table}.id"
        policies(table, f"{base})", f"{base} AND b.{own})")
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", pg.JSONB(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_log"),
        sa.ForeignKeyConstraint(["entity_id"], ["base_entity.id"], name="fk_audit_log_entity_id"),
        sa.UniqueConstraint("previous_hash", name="uq_audit_log_previous_hash"),
        sa.CheckConstraint("action IN ('created', 'evolved')", name=op.f("ck_audit_log_action")),
    )
    op.create_index("ix_audit_log_entity_id", "audit_log", ["entity_id"])
    op.execute(f"GRANT SELECT, INSERT ON audit_log TO {ROLE}")


def downgrade() -> None:
    op.drop_table("audit_log")
    for table in (*reversed(CHILDREN), "base_entity"):
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
        for policy in ("read", "insert", "update"):
            op.execute(f"DROP POLICY {table}_{policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
