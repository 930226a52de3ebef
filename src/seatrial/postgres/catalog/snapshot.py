"""Reading the schema of a database, in one round trip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from seatrial.errors import CatalogError
from seatrial.postgres.catalog.catalog import Catalog, Entry
from seatrial.postgres.catalog.expressions import plain_casts
from seatrial.postgres.catalog.queries import statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

_OLDEST = 130000
_EXPRESSIONS = ("definition", "default", "generated", "using", "with check")


def snapshot(
    connection: psycopg.Connection[Any], *, ignore: Iterable[str] = (), owners: bool = False
) -> Catalog:
    """Take a snapshot of the schema of the database a connection is open to.

    Left out are the objects of the server, of extensions, of temporary schemas and of seatrial; the order
    of columns; and the content of tables, of sequences and of materialized views.

    Args:
        connection: in or outside of a transaction, which sees what it has made itself; as any role, since
            everybody may read definitions. A transaction that the call has to open, it ends. Tables that
            somebody alters are waited for, as long as the connection's `lock_timeout` allows.
        ignore: names and patterns of what does not count, as `Catalog.ignoring` takes them.
        owners: whether the owners of objects count. Without them databases of different roles are equal,
            and in rights an owner is called `the owner`.

    Raises:
        CatalogError: the server is older than 13, or it did not answer; its message is included.
    """
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        rows = json.loads(_read(connection, owners=owners))
    except psycopg.Error as error:
        where = "" if connection.closed else f" of the database {connection.info.dbname!r}"
        raise CatalogError(
            f"the schema{where} could not be read: {error}",
            code="catalog.unreadable",
            remedy="end what holds a lock on one of its tables or changes it at this moment, and check that "
            "the connection is open and its transaction has not failed before",
        ) from error
    entries = {Entry(kind, tuple(path)): _facts(facts) for kind, path, facts in rows}
    return Catalog(entries).ignoring(*ignore)


def _check_version(version: int) -> None:
    if version < _OLDEST:
        raise CatalogError(
            f"a snapshot of a schema needs PostgreSQL 13 or newer, and this server is {version // 10000}",
            code="catalog.server-too-old",
            remedy="use a newer server for this comparison",
        )


def _read(connection: psycopg.Connection[Any], *, owners: bool) -> str | bytes:
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - as above
    from psycopg.rows import tuple_row  # noqa: PLC0415 - as above

    _check_version(connection.info.server_version)
    statements = statement(version=connection.info.server_version, owners=owners)
    opens = not connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE
    try:
        with connection.cursor(row_factory=tuple_row) as cursor:
            # Several statements in one string cannot be prepared.
            cursor.execute(statements.encode(), prepare=False)
            cursor.nextset()
            # Bytes, where the client's encoding is SQL_ASCII.
            text: str | bytes = (cursor.fetchone() or ("[]",))[0]
    finally:
        # Or it would keep locks on the tables whose expressions were read.
        if opens and not connection.closed:
            connection.rollback()
    return text


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    for name in _EXPRESSIONS:
        if name in facts:
            facts[name] = plain_casts(facts[name])
    return {name: value for name, value in facts.items() if value != {}}
