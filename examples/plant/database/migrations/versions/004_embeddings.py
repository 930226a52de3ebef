"""Entities are found by meaning: vectors with their indexes. Ids come from uuid-ossp."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None

EXTENSIONS = ("vector", "uuid-ossp")
TABLES = ("skill_entity", "industry_entity", "team_entity", "job_role_entity", "agent_entity")
# pgvector is not trusted, so an administrator may have created it: then it is not ours to drop.
DROP_IF_OURS = """
DO $$
BEGIN
  IF EXISTS (
    SELECT FROM pg_extension e JOIN pg_roles r ON r.oid = e.extowner
    WHERE e.extname = '{name}' AND r.rolname = current_user
  ) THEN
    DROP EXTENSION "{name}";
  END IF;
END
$$
"""


def upgrade() -> None:
    for name in EXTENSIONS:
        op.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}"')
    op.alter_column("base_entity", "id", server_default=sa.text("uuid_generate_v4()"))
    for table in TABLES:
        op.add_column(table, sa.Column("embedding", Vector(384)))
        op.create_index(
            f"ix_{table}_embedding",
            table,
            ["embedding"],
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "embedding")
    op.alter_column("base_entity", "id", server_default=None)
    for name in EXTENSIONS:
        op.execute(DROP_IF_OURS.format(name=name))
