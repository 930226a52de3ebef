"""Read `[tool.seatrial.database]` and `[tool.seatrial.databases.<name>]`."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import get_args

from seatrial.config.settings import DatabaseSettings, Engine, Isolation, Provider, Schema
from seatrial.config.table import REFERENCE, Table


def load_database(table: Table) -> DatabaseSettings:
    """Return the settings of one database."""
    table.only(*(field.name for field in fields(DatabaseSettings)))
    database = DatabaseSettings(
        engine=table.choice("engine", get_args(Engine), default="postgres"),
        provider=table.choice("provider", get_args(Provider), default="auto"),
        schema=_schema(table.table("schema")),
        extensions=table.texts("extensions"),
        stand_ins=table.texts("stand_ins"),
        seeds=_seeds(table),
        app_role=table.text("app_role"),
        isolation=table.choice("isolation", get_args(Isolation), default="reset"),
        bin=table.text("bin"),
        faults=table.flag("faults", default=False),
    )
    if database.engine == "sqlite":
        _refuse_for_sqlite(table, database.only_for_postgres())
    return database


def _refuse_for_sqlite(table: Table, keys: list[str]) -> None:
    """A key that would silently mean nothing must not be there."""
    for key in keys:
        raise table.error(
            key,
            'this key means nothing to engine = "sqlite".',
            code="settings.not-for-sqlite",
            remedy="Remove it. To run a suite of PostgreSQL on SQLite once, leave the engine as it is "
            "and give --seatrial-database=sqlite.",
        )


def _schema(table: Table | None) -> Schema:
    if table is None:
        return Schema()
    kinds = tuple(field.name for field in fields(Schema) if field.name != "files")
    table.only(*kinds, "files")
    given = [name for name in kinds if name in table]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise table.error(
            "",
            f"expected exactly one of {', '.join(kinds)}; found {found}.",
            code="settings.schema",
            remedy='Write { alembic = "alembic.ini" }, { sql = ["schema.sql"] }, '
            '{ metadata = "shop.models:Base.metadata" } or { command = "python manage.py migrate" }.',
        )
    files = table.texts("sql")
    if given == ["sql"] and not files:
        raise table.error(
            "sql", "expected at least one file.", code="settings.empty", remedy="Name the SQL files in order."
        )
    return Schema(
        alembic=table.text("alembic"),
        sql=files,
        metadata=table.reference("metadata"),
        command=_command(table),
        files=_patterns(table),
    )


def _command(table: Table) -> str | None:
    command = table.text("command")
    if command is None:
        return None
    try:
        shlex.split(command)
    except ValueError as error:
        raise table.error(
            "command",
            f"expected a command line; {str(error).lower()}.",
            code="settings.bad-value",
            remedy="Close every quote. What needs a shell is written as \"sh -c '...'\".",
        ) from None
    return command


def _patterns(table: Table) -> tuple[str, ...]:
    patterns = table.texts("files")
    for position, pattern in enumerate(patterns):
        if pattern.startswith("/"):
            raise table.error(
                f"files[{position}]",
                f"expected a pattern relative to the folder of the settings file; found {pattern!r}.",
                code="settings.bad-value",
                remedy='Write it like "shop/migrations/*.py" or "../models/**/*.py".',
            )
    return patterns


def _seeds(table: Table) -> tuple[str, ...]:
    seeds = table.texts("seeds")
    for position, seed in enumerate(seeds):
        if not seed.endswith(".sql") and not REFERENCE.fullmatch(seed):
            raise table.error(
                f"seeds[{position}]",
                f"expected a file that ends in .sql, or module:function; found {seed!r}.",
                code="settings.bad-value",
                remedy='Write "tests/seed.sql" or "tests.seeds:reference_data".',
            )
    return seeds
