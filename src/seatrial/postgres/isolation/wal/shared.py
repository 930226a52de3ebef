"""What all databases of a server share: roles, memberships, settings, databases. A copy does not undo it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.pool import drop
from seatrial.postgres.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.postgres.isolation.wal.control import Control

Key = tuple[str, str]
"""The kind of a thing (`role`, `database` ...), and what tells it from others of its kind."""
Things = dict[Key, dict[str, Any]]

# Ownership and rights of objects (pg_shdepend) are kept again with each object, where a change is seen.
# What one database has set for itself is known by the name of the database: that is what stays.
_THINGS = r"""
select 'role', r.oid::text, (to_jsonb(r) - 'oid')::text from pg_authid r
union all
select 'membership', concat_ws(' ', m.roleid, m.member, m.grantor),
  jsonb_build_object('role', m.roleid::regrole, 'member', m.member::regrole, 'grantor', m.grantor::regrole,
    'admin', m.admin_option, 'inherit', m.inherit_option, 'set', m.set_option)::text
from pg_auth_members m
union all
select 'setting', concat_ws(' ', d.datname, s.setrole),
  jsonb_build_object('role', s.setrole, 'database', d.datname, 'settings', s.setconfig)::text
from pg_db_role_setting s left join pg_database d on d.oid = s.setdatabase
where d.datname is null or not {ours}
union all
select 'database', d.datname, (to_jsonb(d) - '{{oid,datfrozenxid,datminmxid,datacl}}'::text[]
    || jsonb_build_object('rights', (select jsonb_agg(r::text order by r::text) from unnest(d.datacl) r))
  )::text
from pg_database d where not {ours}
union all
select 'comment', concat_ws(' ', c.classoid::regclass, coalesce(d.datname, c.objoid::text)),
  jsonb_build_object('class', c.classoid::regclass, 'object', c.objoid, 'text', c.description)::text
from pg_shdescription c
left join pg_database d on c.classoid = 'pg_database'::regclass and d.oid = c.objoid
where d.datname is null or not {ours}
union all
select 'right on a server setting', p.parname, p.paracl::text from pg_parameter_acl p
union all
select 'tablespace', t.oid::text, to_jsonb(t)::text from pg_tablespace t
"""

_OURS = (
    r"(d.datname ~ ('^' || {name} || '_(clone|used|baseline|check|empty)_[0-9_]+$')"
    r" or d.datname = {name} || '_rehearsal' or d.datname ~ '^seatrial_kept_[0-9a-f_]+$')"
)


class SharedState:
    """What the server's databases shared at one moment, and going back to that.

    Args:
        control: a session in another database.
        database: the tested database; its copies under our names, and databases that we make beside it, are
            left out.
    """

    def __init__(self, control: Control, database: str) -> None:
        self._control = control
        self._database = database
        self._things = _read(control, database)

    def differences(self) -> list[Key]:
        """What is not as it was."""
        now = _read(self._control, self._database)
        return sorted(key for key in {*self._things, *now} if self._things.get(key) != now.get(key))

    def undo(self) -> None:
        """Make everything as it was. The tested database must be a fresh copy already.

        Raises:
            IsolationError: something could not be undone; it is named.
        """
        if not self.differences():
            return
        import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

        failure = ""
        try:
            self._undo(_read(self._control, self._database))
        except psycopg.Error as error:
            failure = str(error)
        if remaining := self.differences():
            raise _not_undone([self._label(key) for key in remaining], failure)

    def _label(self, key: Key) -> str:
        kind, name = key
        return f"{kind} {self._things.get(key, {}).get('rolname', name)}"

    def _undo(self, now: Things) -> None:
        for kind, name in sorted(now.keys() - self._things.keys()):
            if kind == "database":
                drop(self._control.connection, name)
        for statement in (
            *self._memberships(now),
            *self._roles(now),
            *self._settings(now),
            *self._comments(now),
        ):
            self._control.query(statement)

    def _memberships(self, now: Things) -> Iterator[str]:
        for key, found in now.items():
            if key[0] == "membership" and self._things.get(key) != found:
                yield f"revoke {found['role']} from {found['member']} granted by {found['grantor']} cascade"
        for key, thing in self._things.items():
            if key[0] == "membership" and now.get(key) != thing:
                yield (
                    f"grant {thing['role']} to {thing['member']} with admin {thing['admin']}, "
                    f"inherit {thing['inherit']}, set {thing['set']} granted by {thing['grantor']}"
                )

    def _roles(self, now: Things) -> Iterator[str]:
        for key, found in now.items():
            if key[0] != "role":
                continue
            if key not in self._things:
                yield f"drop role {identifier(found['rolname'])}"
            elif self._things[key] != found:
                yield _restore_role(key[1], self._things[key])

    def _settings(self, now: Things) -> Iterator[str]:
        for key in now.keys() | self._things.keys():
            before = self._things.get(key)
            if key[0] != "setting" or before == now.get(key):
                continue
            yield _editing(_set_settings(before or now[key], before["settings"] if before else None))

    def _comments(self, now: Things) -> Iterator[str]:
        for key in now.keys() | self._things.keys():
            before = self._things.get(key)
            if key[0] != "comment" or before == now.get(key):
                continue
            place = before or now[key]
            role = self._things.get(("role", str(place["object"])))
            if place["class"] == "pg_authid" and role is not None:
                text = literal(before["text"]) if before else "null"
                yield f"comment on role {identifier(role['rolname'])} is {text}"


def _set_settings(place: dict[str, Any], settings: list[str] | None) -> str:
    database = literal(place["database"]) if place["database"] else "null"
    found = f"coalesce((select oid from pg_database where datname = {database}), 0::oid)"
    statement = f"delete from pg_db_role_setting where setdatabase = {found} and setrole = {place['role']}"
    if settings is None:
        return statement
    values = ", ".join(literal(setting) for setting in settings)
    return f"{statement}; insert into pg_db_role_setting values ({found}, {place['role']}, array[{values}])"


def _restore_role(oid: str, before: dict[str, Any]) -> str:
    columns = ", ".join(before)
    row = literal(json.dumps(before))
    return _editing(
        f"update pg_authid set ({columns}) = (select {columns} "
        f"from jsonb_populate_record(null::pg_authid, {row})) where oid = {oid}"
    )


def _editing(statement: str) -> str:
    """A statement on a catalogue: no ALTER ROLE can take `VALID UNTIL` away, or put a list back as it was."""
    return f"set local allow_system_table_mods = on; {statement}"


def _read(control: Control, database: str) -> Things:
    ours = _OURS.format(name=literal(database))
    (rows,) = control.query(_THINGS.format(ours=ours))
    return {(str(kind), str(name)): _value(str(text)) for kind, name, text in rows}


def _value(text: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(text)
    except ValueError:
        return {"text": text}
    return value


def _not_undone(remaining: list[str], failure: str) -> IsolationError:
    return IsolationError(
        "a test changed what all databases of the server share, and it could not be undone: "
        + ", ".join(remaining),
        code="isolation.shared-state",
        detail=failure,
        remedy="keep the change out of the tests, or make it a part of the migrations",
    )
