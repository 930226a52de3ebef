"""Running SQL files, plain or as `pg_dump` writes them, through an ordinary connection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.errors import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

_COPY = re.compile(
    r"^(?P<statement>COPY\s[^;]*?\sFROM\s+stdin[^;]*);[ \t]*\n(?P<rows>.*?)^\\\.[ \t]*$",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
# psql's own commands: dumps begin and end with these, and a server does not know them.
_HARMLESS = re.compile(r"^\\(un)?restrict\b.*$", re.MULTILINE)
_OTHER_COMMAND = re.compile(r"^\\(?P<command>[a-z!]+)", re.MULTILINE)


def run_sql_file(connection: psycopg.Connection[Any], file: Path) -> None:
    """Run every statement of a file, and the data of its COPY ... FROM stdin blocks.

    Raises:
        TemplateError: the file is missing, uses commands of psql, or a statement fails; with file and line.
    """
    text = _read(file)
    position = 0
    for block in _COPY.finditer(text):
        _run(connection, file, text, position, block.start())
        _copy(connection, file, text, block)
        position = block.end()
    _run(connection, file, text, position, len(text))


def _read(file: Path) -> str:
    try:
        return _HARMLESS.sub("", file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TemplateError(
            f"the SQL file {file} is not there",
            code="template.sql-missing",
            remedy="give its path relative to the folder of the settings file",
        ) from None


def _run(connection: psycopg.Connection[Any], file: Path, text: str, start: int, end: int) -> None:
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    part = text[start:end]
    if not part.strip():
        return
    if command := _OTHER_COMMAND.search(part):
        line = text.count("\n", 0, start + command.start()) + 1
        raise TemplateError(
            f"{file}:{line} uses psql's command \\{command['command']}, which only psql understands",
            code="template.sql-command",
            remedy="write it as SQL, or make the dump with pg_dump's plain format",
        )
    try:
        connection.execute(part.encode())
    except psycopg.Error as error:
        raise _failed(error, file, text, start) from error


def _copy(connection: psycopg.Connection[Any], file: Path, text: str, block: re.Match[str]) -> None:
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    try:
        with connection.cursor() as cursor, cursor.copy(block["statement"].encode()) as copy:
            copy.write(block["rows"])
    except psycopg.Error as error:
        raise _failed(error, file, text, block.start()) from error


def _failed(error: psycopg.Error, file: Path, text: str, start: int) -> TemplateError:
    offset = int(error.diag.statement_position or 1) - 1
    line = text.count("\n", 0, start + offset) + 1
    hint = error.diag.message_hint
    return TemplateError(
        f"{file}:{line} failed: {error.diag.message_primary or error} (SQLSTATE {error.sqlstate})",
        code="template.sql-failed",
        remedy=hint
        or "mend the statement; every file runs as the owner of the database, which is no superuser",
    )
