"""A snapshot of a database, and what differs between two."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.comparison.catalogues import catalogue_sources
from seatrial.postgres.isolation.comparison.cluster_wide import cluster_sources
from seatrial.postgres.isolation.comparison.contents import contents
from seatrial.postgres.isolation.comparison.samples import kept_lines, sampled
from seatrial.postgres.isolation.comparison.sources import digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

    from seatrial.postgres.isolation.comparison.sources import Source

_LOCK_TIMEOUT_S = 10
_BEGIN = """
begin isolation level repeatable read, read only;
set local search_path = '';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local timezone = 'UTC';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local lc_monetary = 'C';
set local row_security = off;
set local jit = off;
set local max_parallel_workers_per_gather = 0;
set local statement_timeout = 0;
"""


@dataclass(frozen=True)
class Content:
    """The rows of one source: how many, a digest without order, and the rows where they are few."""

    rows: int
    digest: str
    lines: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The state of a database at one moment.

    Two snapshots are comparable if roles with the same rights took them, of one database or of copies
    that keep object identifiers (CREATE DATABASE ... TEMPLATE does).
    """

    contents: Mapping[str, Content]
    left_out: tuple[str, ...]
    """What the role could not read, one line each; it was not compared."""
    _sources: Mapping[str, Source] = field(repr=False, compare=False)

    def only_content(self) -> Snapshot:
        """The same moment without definitions and without what belongs to the whole server."""
        kept = {label: found for label, found in self.contents.items() if self._sources[label].content}
        return replace(self, contents=kept)

    def differences(
        self,
        expected: Snapshot,
        *,
        connection: psycopg.Connection[Any] | None = None,
        mirror: psycopg.Connection[Any] | None = None,
    ) -> list[str]:
        """What differs from an expected snapshot, one readable line each; empty when the two are equal.

        Args:
            expected: the baseline's snapshot.
            connection: to the database of this snapshot; with `mirror`, lines name rows and objects.
            mirror: to an untouched copy of the baseline.
        """
        lines = []
        for label in sorted({*self.contents, *expected.contents}):
            here, there = self.contents.get(label), expected.contents.get(label)
            if here == there:
                continue
            if here is None or there is None:
                lines.append(f"{label}: {'missing' if here is None else 'not in the baseline'}")
                continue
            detail = kept_lines(here.lines, there.lines)
            if detail is None and connection is not None and mirror is not None:
                detail = sampled(self._sources[label], connection, mirror)
            lines.append(f"{label}: {_counts(here, there)}{'; ' + detail if detail else ''}")
        return lines + [f"not compared: {line}" for line in _apart(self.left_out, expected.left_out)]


def take(
    connection: psycopg.Connection[Any],
    *,
    cluster_wide: bool = True,
    catalogue: bool = True,
    built_in: bool = True,
) -> Snapshot:
    """Take a snapshot of the database a connection is open to, in three round trips.

    Args:
        connection: an autocommit connection, as any role. A superuser's snapshot is complete; that of
            another role says what it leaves out.
        cluster_wide: whether roles, memberships and settings count. Not where other runs use the server.
        catalogue: whether the definitions of objects count, or only their content.
        built_in: whether these include the objects of PostgreSQL itself: most of the time that takes.

    Raises:
        IsolationError: something could not be read; the server's message is included.
    """
    with _reading(connection):
        connection.execute(f"{_BEGIN}set local lock_timeout = '{_LOCK_TIMEOUT_S}s'".encode())
        found = contents(connection)
        sources = found.sources
        if catalogue:
            sources = sources + catalogue_sources(connection, all_readable=found.superuser, built_in=built_in)
        if cluster_wide:
            version = connection.info.server_version
            sources = sources + cluster_sources(version=version, superuser=found.superuser)
        rows = connection.execute(digests(sources).encode()).fetchall()
        connection.execute("commit")
    return Snapshot(
        contents={
            label: Content(int(count), digest, None if lines is None else tuple(lines))
            for label, count, digest, lines in rows
        },
        left_out=found.left_out,
        _sources={source.label: source for source in sources},
    )


@contextlib.contextmanager
def _reading(connection: psycopg.Connection[Any]) -> Iterator[None]:
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        yield
    except psycopg.Error as error:
        if not connection.closed:
            connection.execute("rollback")
        raise IsolationError(
            f"the database {connection.info.dbname!r} could not be compared with its baseline: {error}",
            code="isolation.comparison",
            remedy="a lock that a session holds, or a type whose text cannot be read, is the usual cause",
        ) from error


def _counts(here: Content, there: Content) -> str:
    if here.rows == there.rows:
        return f"{_rows(here.rows)} as expected, with other content"
    return f"{_rows(here.rows)}, expected {there.rows}"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _apart(here: tuple[str, ...], there: tuple[str, ...]) -> list[str]:
    return sorted({*here} ^ {*there})
