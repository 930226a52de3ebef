"""What every entity has: who answers for it, its state, and the chain of its versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "001"
down_revision = None
branch_labels = None
depends_on = None

KEEP_CREATED_AT = """
CREATE FUNCTION base_entity_keep_created_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.created_at IS DISTINCT FROM OLD.created_at THEN
    RAISE EXCEPTION USING
      ERRCODE = 'restrict_violation',
      CONSTRAINT = 'base_entity_created_at_immutable',
      MESSAGE = 'created_at of an entity never changes';
  END IF;
  RETURN NEW;
END
$$
"""
# An array may be counted from anywhere; the chain from one, or it could not be compared the next time.
GROW_HASH_CHAIN = """
CREATE FUNCTION base_entity_grow_hash_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  added int := cardinality(NEW.hash_chain_sha256) - cardinality(OLD.hash_chain_sha256);
BEGIN
  IF added < 0 OR trim_array(NEW.hash_chain_sha256, added) IS DISTINCT FROM OLD.hash_chain_sha256
    OR coalesce(array_lower(NEW.hash_chain_sha256, 1), 1) <> 1
  THEN
    RAISE EXCEPTION USING
      ERRCODE = 'restrict_violation',
      CONSTRAINT = 'base_entity_hash_chain_append_only',
      MESSAGE = 'the hash chain of an entity may only grow';
  END IF;
  RETURN NEW;
END
$$
"""
TRIGGERS = {
    "base_entity_created_at_immutable": "base_entity_keep_created_at",
    "base_entity_hash_chain_append_only": "base_entity_grow_hash_chain",
}


def upgrade() -> None:
    op.create_table(
        "base_entity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entity_type", sa.String(50), nullable=False),
        sa.Column("external_id", sa.String(255)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("status", sa.String(20), server_default="active", nullable=False),
        sa.Column("version_hash", sa.String(64), nullable=False),
        sa.Column("amendment_history", pg.JSONB(), server_default="[]", nullable=False),
        sa.Column("evolution_markers", pg.JSONB(), server_default="{}", nullable=False),
        sa.Column("custom_attributes", pg.JSONB(), server_default="{}", nullable=False),
        sa.Column("hash_chain_sha256", pg.ARRAY(sa.String(64)), server_default="{}", nullable=False),
        sa.Column("append_only", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("tamper_proof", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("tags", pg.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("governance_agent_id", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_base_entity"),
        sa.UniqueConstraint("external_id", name="uq_base_entity_external_id"),
        sa.ForeignKeyConstraint(["parent_id"], ["base_entity.id"], name="fk_base_entity_parent_id"),
        sa.CheckConstraint(
            "status IN ('active', 'draft', 'deprecated', 'archived')", name=op.f("ck_base_entity_status")
        ),
    )
    for column in ("entity_type", "created_at", "status", "governance_agent_id", "parent_id"):
        op.create_index(f"ix_base_entity_{column}", "base_entity", [column])
    op.execute(KEEP_CREATED_AT)
    op.execute(GROW_HASH_CHAIN)
    for trigger, function in TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE UPDATE ON base_entity "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    op.drop_table("base_entity")
    for function in TRIGGERS.values():
        op.execute(f"DROP FUNCTION {function}()")
