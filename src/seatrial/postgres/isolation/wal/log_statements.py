"""The statements that read the server's log of changes, planned once for each session that uses them."""

from __future__ import annotations

from seatrial.postgres.isolation.wal.records import INDEX_MANAGERS

LIMIT_BYTES = 1 << 20
"""Beyond this much log a fresh clone is cheaper than reading: about 5 ms per MB."""

# Reading stops at what was flushed, hence the flush. Nothing was logged if no transaction got a number.
_MARK = """
select pg_snapshot_xmax(now)::xid, pg_snapshot_xmin(now) = pg_snapshot_xmax(now),
  case when pg_snapshot_xmax(now)::xid <> $1::xid
  then pg_logical_emit_message(false, 'seatrial', '', true) end
from pg_current_snapshot() now
"""

# Asked after the mark: what began before it is either over, and can be read, or found here. A prepared
# transaction has a number, and does not show in the snapshot.
_STATE = "select exists (select from pg_prepared_xact()), pg_current_wal_flush_lsn() - $1::pg_lsn"

# Not called where nothing was logged: to read from the end of the log is an error.
_BLOCKS = f"""
select reltablespace, reldatabase, relfilenode, resource_manager, record_type,
  array_agg(distinct relblocknumber)
from (
  select $1::pg_lsn as start, pg_current_wal_flush_lsn() as stop
  where pg_snapshot_xmax(pg_current_snapshot())::xid <> $4::xid
) unread, lateral public.pg_get_wal_block_info(start, stop, false)
where stop - start <= {LIMIT_BYTES}
  and relforknumber = 0 and reldatabase in (0, $2::oid) and xid <> all($3::xid[])
  and resource_manager <> all('{{{",".join(INDEX_MANAGERS)}}}')
group by 1, 2, 3, 4, 5
"""

# Our own superuser makes clones in other databases meanwhile, which does not concern this one.
_BUSY = """
select pid, application_name, state, query, xact_start, client_port
from pg_stat_get_activity(null)
where pid <> all($2::int[])
  and (datid = $1::oid and (backend_xid is not null or state not in ('idle', 'starting'))
       or datid <> $1::oid and backend_xid is not null and usesysid <> current_user::regrole)
  and backend_type not in ('autovacuum worker', 'parallel worker')
"""


_OTHERS = """
select pid, application_name, state, query, xact_start, client_port
from pg_stat_get_activity(null) where pid <> all($2::int[]) and datid = $1::oid
"""

STATEMENTS = {"mark": _MARK, "state": _STATE, "blocks": _BLOCKS, "busy": _BUSY, "others": _OTHERS}
