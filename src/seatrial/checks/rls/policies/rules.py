"""The policies of a table, put together as the server does it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

Command = Literal["select", "insert", "update", "delete"]

_POLICIES = """
select p.polname::text, p.polcmd::text, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
  pg_get_expr(p.polwithcheck, p.polrelid),
  array(select a.attname::text from pg_depend d
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass
          and d.refobjid = p.polrelid and d.refobjsubid > 0 order by a.attnum),
  array(select f.prosrc from pg_depend d join pg_proc f on f.oid = d.refobjid
        where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_proc'::regclass
          and f.prosrc is not null)
from pg_policy p
where p.polrelid = %(table)s
  and exists (select from unnest(p.polroles) r (oid)
              where r.oid = 0 or pg_has_role(%(app)s, r.oid, 'usage'))
order by p.polname
"""
_LETTERS: dict[str, Command] = {"r": "select", "a": "insert", "w": "update", "d": "delete"}
_SETTING = re.compile(r"current_setting\(\s*'([^']+)'")
_COMPARED = re.compile(r"current_setting\(\s*'([^']+)'[^)]*\)(?:\)*::\w+)*\)*\s*=\s*'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Policy:
    """One policy that concerns the application's role."""

    name: str
    letter: str
    is_permissive: bool
    using: str | None
    check: str | None
    columns: tuple[str, ...]
    sources: tuple[str, ...]
    """What the functions that it calls are made of."""

    def concerns(self, command: Command) -> bool:
        """Whether it is for a command."""
        return self.letter == "*" or _LETTERS[self.letter] == command

    @property
    def checked(self) -> str | None:
        """What new rows have to satisfy: WITH CHECK, or what is used for old ones."""
        return None if self.letter in "rd" else self.check or self.using

    @property
    def settings(self) -> set[str]:
        """The names of the session's settings that it reads, itself or in a function."""
        texts = (self.using or "", self.check or "", *self.sources)
        return {name for text in texts for name in _SETTING.findall(text)}

    @property
    def compared(self) -> set[tuple[str, str]]:
        """Settings and the texts it compares them with."""
        texts = (self.using or "", self.check or "", *self.sources)
        return {(name, value.replace("''", "'")) for text in texts for name, value in _COMPARED.findall(text)}


def policies_of(connection: psycopg.Connection[Any], table: int, *, app: str) -> list[Policy]:
    """The policies of a table that concern a role."""
    rows = connection.execute(_POLICIES.encode(), {"table": table, "app": app}).fetchall()
    return [
        Policy(name, letter, permissive, old, new, tuple(columns), tuple(sources))
        for name, letter, permissive, old, new, columns, sources in rows
    ]


def using(policies: Sequence[Policy], command: Command) -> str:
    """The condition for rows that are there, as SQL."""
    return _together([(policy, policy.using) for policy in policies if policy.concerns(command)])


def check(policies: Sequence[Policy], command: Command) -> str:
    """The condition for new rows, as SQL."""
    return _together([(policy, policy.checked) for policy in policies if policy.concerns(command)])


def _together(conditions: Sequence[tuple[Policy, str | None]]) -> str:
    said = [(policy, text) for policy, text in conditions if text is not None]
    permissive = [text for policy, text in said if policy.is_permissive]
    restrictive = [text for policy, text in said if not policy.is_permissive]
    anyone = " or ".join(f"coalesce(({text}), false)" for text in permissive) or "false"
    return " and ".join([f"({anyone})", *(f"coalesce(({text}), false)" for text in restrictive)])
