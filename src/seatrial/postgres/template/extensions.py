"""Declared extensions: made before the migrations run, verified after them, stand-ins named."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from seatrial.errors import TemplateError
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

    from seatrial.config.settings import DatabaseSettings


def create_extensions(
    connection: psycopg.Connection[Any], settings: DatabaseSettings, *, leave: Collection[str] = ()
) -> None:
    """Create the declared extensions, except those a migration insists on creating itself.

    Raises:
        TemplateError: the server has no such extension.
    """
    rows = connection.execute("select name from pg_available_extensions").fetchall()
    available = {str(name) for (name,) in rows}
    for name in settings.extensions:
        if name not in available:
            raise _missing(name, available)
        if name not in leave:
            _create(connection, name)


def _create(connection: psycopg.Connection[Any], name: str) -> None:
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    statement = f"CREATE EXTENSION IF NOT EXISTS {identifier(name)} CASCADE"
    try:
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as error:
        raise TemplateError(
            f"the role {connection.info.user!r} may not create the extension {name!r} on the named server",
            code="template.extension-right",
            remedy=f"as an administrator, in the database {connection.info.dbname!r}: {statement}",
        ) from error


def verify_extensions(
    connection: psycopg.Connection[Any], settings: DatabaseSettings
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The declared extensions with their versions, and those among them that are stand-ins.

    Raises:
        TemplateError: a declared extension is not in the finished template.
    """
    rows = connection.execute(
        "select extname, extversion, obj_description(oid, 'pg_extension') from pg_extension"
    ).fetchall()
    versions = {name: version for name, version, _ in rows}
    gone = [name for name in settings.extensions if name not in versions]
    if gone:
        raise TemplateError(
            f"the extension {gone[0]!r} is declared, but a migration removed it from the database",
            code="template.extension-missing",
            remedy=f"take {gone[0]!r} out of tool.seatrial.database.extensions, or keep it in the migrations",
        )
    stand_ins = tuple(name for name, _, comment in rows if "seatrial stand-in" in (comment or ""))
    return {name: versions[name] for name in settings.extensions}, stand_ins


def _missing(name: str, available: set[str]) -> TemplateError:
    from seatrial.postgres.server import stand_in_names  # noqa: PLC0415 - the names are read from package data

    if name in stand_in_names():
        remedy = (
            f'allow seatrial\'s SQL stand-in for it: stand_ins = ["{name}"] under [tool.seatrial.database], '
            "or name a server that has it"
        )
    else:
        near = difflib.get_close_matches(name, available, n=1)
        hint = f"did you mean {near[0]!r}? Otherwise " if near else ""
        remedy = hint + "name a server that has it with TESTING_DATABASE_URL, or its binaries with `bin`"
    return TemplateError(
        f"the extension {name!r} is declared in tool.seatrial.database.extensions; this server lacks it",
        code="template.extension-missing",
        remedy=remedy,
    )
