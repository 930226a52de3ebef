"""`seatrial db mark`: say that seatrial may use, and erase, a database it would otherwise refuse.

The marker inside the database is a part of its comment (COMMENT ON DATABASE): the owner may write it without
any other right, it belongs to no schema, so that no comparison of schemas sees it, and a copy of the database
does not inherit it. (ALTER DATABASE ... SET of an own parameter would need a superuser.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seatrial.errors import UnsafeTargetError
from seatrial.postgres.choice import probe
from seatrial.postgres.choice.parse import read_target
from seatrial.postgres.choice.refusal import ERASE_FLAG, Refusal
from seatrial.postgres.choice.registry import Registry
from seatrial.postgres.choice.rules import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import psycopg

    from seatrial.postgres.choice.target import Target


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What `mark` did."""

    target: Target
    in_database: bool
    """Whether the marker was written: not needed where we create databases of our own."""
    registry: Path | None

    def lines(self) -> list[str]:
        """What was done, for the terminal."""
        inside = (
            f'Database "{self.target.database}" carries the marker: seatrial may erase all in it.'
            if self.in_database
            else f'Left database "{self.target.database}" alone: the role may create databases of its own.'
        )
        return [f"Marked {self.target.safe_description}.", inside, f"Noted in {self.registry} (no password)."]


@dataclass(frozen=True, kw_only=True)
class Unmarked:
    """What `unmark` did."""

    target: Target
    in_database: bool
    in_registry: bool
    problem: str | None
    """Why the marker inside the database could not be looked for, if so."""

    def lines(self) -> list[str]:
        """What was done, for the terminal."""
        inside = "Removed the marker from its comment." if self.in_database else "It carries no marker."
        if self.problem:
            inside = f"The marker inside it could not be removed: {self.problem}"
        noted = "Forgotten on this machine." if self.in_registry else "This machine had not noted it."
        return [f"Unmarked {self.target.safe_description}.", inside, noted]


def mark(
    url: str,
    *,
    may_be_erased: bool = False,
    environ: Mapping[str, str] | None = None,
    registry: Registry | None = None,
) -> Marked:
    """Mark a database as ours, inside it and on this machine.

    Args:
        url: a URL or libpq connection string; PG* complete it, so `postgresql://` means just those.
        may_be_erased: needed where the database is not empty, since seatrial resets it.
        environ: where PG* and the home folder come from; the process's environment by default.
        registry: the list of marked databases; the user's by default.

    Raises:
        UnsafeTargetError: the URL names no single server, nobody answers, or `may_be_erased` is missing.
        SettingsError: the list of marked databases cannot be written.
    """
    environ = os.environ if environ is None else environ
    registry = registry or Registry.of_user(environ)
    target = _one_target(url, environ)
    try:
        facts = probe.look_at(target)
    except Refusal as refusal:
        raise _unmarkable(refusal.found, remedy=refusal.remedy) from None
    in_database = facts.connected_to == target.database and facts.owner and (facts.empty or may_be_erased)
    if not (in_database or facts.marked or facts.create_databases):
        raise _unmarkable(*_what_is_missing(target, owner=facts.owner))
    if in_database and not facts.marked:
        with probe.connect(target) as connection:
            write_marker(connection)
    registry.add(target)
    return Marked(target=target, in_database=in_database or facts.marked, registry=registry.path)


def unmark(
    url: str, *, environ: Mapping[str, str] | None = None, registry: Registry | None = None
) -> Unmarked:
    """Take back what `mark` did; on this machine also where the database cannot be reached any more.

    Raises:
        UnsafeTargetError: the URL does not name one server.
        SettingsError: the list of marked databases cannot be written.
    """
    environ = os.environ if environ is None else environ
    target = _one_target(url, environ)
    in_registry = (registry or Registry.of_user(environ)).remove(target)
    in_database, problem = False, None
    try:
        facts = probe.look_at(target)
        if facts.connected_to == target.database and facts.marked:
            in_database, problem = _erase_marker(target)
    except Refusal as refusal:
        problem = refusal.found
    return Unmarked(target=target, in_database=in_database, in_registry=in_registry, problem=problem)


def write_marker(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Add the marker to the comment of the connected database, and commit. What the comment said stays.

    Raises:
        psycopg.Error: the role does not own the database.
    """
    comment, marker, name = _comment(connection)
    if marker not in comment:
        _set_comment(connection, name, f"{comment} {marker}".strip())


def carries_marker(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Whether the connected database is marked at this moment, in the eyes of the given session."""
    comment, marker, _ = _comment(connection)
    return marker in comment


def _erase_marker(target: Target) -> tuple[bool, str | None]:
    import psycopg  # noqa: PLC0415 -- see probe.connect

    try:
        with probe.connect(target) as connection:
            comment, marker, name = _comment(connection)
            _set_comment(connection, name, comment.replace(marker, "").strip())
    except psycopg.Error as error:
        return False, " ".join(str(error).split())
    return True, None


def _comment(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[str, str, str]:
    row = connection.execute(
        "select coalesce(pg_catalog.shobj_description(oid, 'pg_database'), ''), oid::bigint, datname::text"
        " from pg_catalog.pg_database where datname = pg_catalog.current_database()"
    ).fetchone()
    comment, oid, name = row or ("", 0, "")
    return comment, probe.marker_text(name, oid), name


def _set_comment(connection: psycopg.Connection[tuple[Any, ...]], database: str, comment: str) -> None:
    from psycopg import sql  # noqa: PLC0415 -- see probe.connect

    text = sql.Literal(comment) if comment else sql.NULL
    connection.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(database), text))
    connection.commit()


def _one_target(url: str, environ: Mapping[str, str]) -> Target:
    try:
        reading = read_target(url, environ, source="--seatrial-database")
    except Refusal as refusal:
        raise _unmarkable(refusal.found, remedy=refusal.remedy) from None
    target = reading.target
    if not reading.single or {canonical(place) for place in reading.places} - {canonical(target.host)}:
        raise _unmarkable("an address that leads to more than one place", remedy="Name one server.")
    return target


def _what_is_missing(target: Target, *, owner: bool) -> tuple[str, str]:
    if not owner:
        return (
            f'{target.safe_description}, which "{target.user}" does not own and so cannot mark',
            "Mark it as its owner, or as a superuser.",
        )
    return (
        f"{target.safe_description}, which is not empty",
        f"seatrial resets a marked database. If all in it may be lost, add {ERASE_FLAG}.",
    )


def _unmarkable(found: str, remedy: str) -> UnsafeTargetError:
    return UnsafeTargetError(f"Nothing was marked: found {found}.", code="database.not-marked", remedy=remedy)
