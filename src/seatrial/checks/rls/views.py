"""Ways around row-level security: views and functions that run as somebody it does not bind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.checks.finding import Finding
from seatrial.checks.rls.protected import protected_tables
from seatrial.postgres.sql import OWN_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.checks.finding import Note
    from seatrial.checks.ground import Ground

# What a view reads, through views below it that run as their own owners as well.
_VIEWS = """
with recursive reads (view, relation) as (
  select r.ev_class, d.refobjid from pg_rewrite r
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
  union
  select reads.view, d.refobjid from reads join pg_rewrite r on r.ev_class = reads.relation
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
)
select distinct v.oid::regclass::text, t.oid::regclass::text, pg_get_userbyid(v.relowner)::text,
  v.relkind::text
from reads join pg_class v on v.oid = reads.view join pg_class t on t.oid = reads.relation
join pg_roles o on o.oid = v.relowner
where v.relkind in ('v', 'm') and t.oid = any(%(protected)s)
  and not coalesce((select option_value::bool from pg_options_to_table(v.reloptions)
                    where option_name = 'security_invoker'), false)
  and has_table_privilege(%(app)s, v.oid, 'select')
  and (v.relkind = 'm' or o.rolsuper or o.rolbypassrls
       or (pg_has_role(o.oid, t.relowner, 'usage') and not t.relforcerowsecurity))
order by 1, 2
"""
_FUNCTIONS = f"""
select p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles o on o.oid = p.proowner
where p.prosecdef and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema' and n.nspname not in {OWN_SCHEMAS}
  and not exists (select from pg_depend d
                  where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  and (o.rolsuper or o.rolbypassrls) and has_function_privilege(%(app)s, p.oid, 'execute')
  and p.prorettype <> 'trigger'::regtype
order by 1
"""  # noqa: S608 - put together from constants


def views(ground: Ground) -> Iterator[Finding | Note]:
    """No view and no function that the application may use gets around row-level security.

    A view reads as its owner, unless it is made with `security_invoker`; a function that is SECURITY DEFINER
    runs as its owner. A materialized view keeps the rows of whoever refreshed it.
    """
    app = ground.cluster.app.user
    with ground.copy() as scratch, scratch.connect() as connection:
        protected = [table.oid for table in protected_tables(ground, connection)]
        asked = {"app": app, "protected": protected}
        found = connection.execute(_VIEWS.encode(), asked).fetchall()
        functions = connection.execute(_FUNCTIONS.encode(), {"app": app}).fetchall()
    for view, table, owner, kind in found:
        if kind == "m":
            yield Finding(
                where=view,
                what=f"expected that {app} cannot read rows of {table} that are not its own; this "
                "materialized view holds those of all",
                remedy=f"revoke the right of {app} to read {view}, and let it read the table",
            )
        else:
            yield Finding(
                where=view,
                what=f"expected that row-level security of {table} holds in it; it reads as {owner}, whom "
                "it does not bind",
                remedy=f"ALTER VIEW {view} SET (security_invoker = true)",
            )
    for function, owner in functions:
        yield Finding(
            where=function,
            what=f"expected a function that row-level security binds; it runs as {owner} (SECURITY DEFINER), "
            "whom it does not bind",
            remedy="give it to a role that is bound, make it SECURITY INVOKER, or revoke the right to call",
        )
