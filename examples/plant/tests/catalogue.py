"""What a database consists of, as lines that can be compared: columns, constraints, indexes, policies."""

import psycopg

_QUERY = """
WITH ours AS (
  SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> ALL (%s)
)
SELECT 'column', relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
  FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = ours.oid AND d.adnum = a.attnum
  WHERE relkind = 'r'
UNION ALL
SELECT 'constraint', relname || ' ' || conname || ' ' || pg_get_constraintdef(k.oid)
  FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid
UNION ALL
SELECT 'index', pg_get_indexdef(oid) FROM ours WHERE relkind = 'i'
UNION ALL
SELECT 'trigger', pg_get_triggerdef(t.oid) || ' ' || tgenabled::text
  FROM ours JOIN pg_trigger t ON t.tgrelid = ours.oid AND NOT tgisinternal
UNION ALL
SELECT 'function', pg_get_functiondef(p.oid) FROM pg_proc p
  WHERE p.pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'row security', relname || ' ' || relrowsecurity || ' ' || relforcerowsecurity
  FROM ours WHERE relkind = 'r'
UNION ALL
SELECT 'policy', relname || ' ' || polname || ' ' || polcmd::text || ' ' || polpermissive
    || ' ' || polroles::text
    || coalesce(' USING ' || pg_get_expr(polqual, polrelid), '')
    || coalesce(' CHECK ' || pg_get_expr(polwithcheck, polrelid), '')
  FROM ours JOIN pg_policy p ON p.polrelid = ours.oid
UNION ALL
SELECT 'right', relname || ' ' || grantee::regrole || ' ' || privilege_type
  FROM ours, aclexplode(relacl) WHERE grantee <> relowner
UNION ALL
SELECT 'extension', extname || ' ' || extversion FROM pg_extension WHERE extname <> 'plpgsql'
"""
_ALEMBICS = ["alembic_version", "alembic_version_pkc"]


def snapshot(url):
    """The catalogue of a database as a set of lines; Alembic's own table is left out."""
    with psycopg.connect(url) as connection:
        return {f"{kind}: {line}" for kind, line in connection.execute(_QUERY, [_ALEMBICS])}


def of_kind(lines, kind, table=""):
    """The lines of a kind, without it; those that begin with a table where one is named."""
    found = (line.removeprefix(f"{kind}: ") for line in lines if line.startswith(f"{kind}: "))
    return {line for line in found if line.startswith(table)}
