"""The process in which a project's migrations are walked: its env.py and its modules stay out of ours."""

from __future__ import annotations

import re
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.postgres.template.worker import (
    Refusal,
    alembic_config,
    main,
    metadata_of,
    own_frames,
    upgrade_to_head,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    from alembic.config import Config
    from alembic.script import Script, ScriptDirectory


NO_MODELS = "env.py gives Alembic no target_metadata"
"""Why there are no models to compare with."""
_LOOKS_ONLY = re.compile(
    r"version_num|\bpg_catalog\.|\binformation_schema\b|\bcurrent_schema\b|^\s*(show|set)\b", re.IGNORECASE
)
"""Alembic's own bookkeeping, and what SQLAlchemy asks to know the server and its tables."""


def _history(request: dict[str, Any]) -> dict[str, Any]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - only where there is Alembic

    scripts = ScriptDirectory.from_config(alembic_config(request))
    revisions = [_described(script) for script in scripts.walk_revisions("base", "heads")]
    revisions.reverse()
    return {"revisions": revisions, "heads": scripts.get_heads(), "bases": scripts.get_bases()}


def _described(script: Script) -> dict[str, Any]:
    path = Path(script.path)
    return {
        "id": script.revision,
        "down": list(script._versioned_down_revisions),  # noqa: SLF001 - a tuple whatever it was written as
        "title": script.doc or "",
        "file": str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path),
    }


def _walk(request: dict[str, Any]) -> dict[str, Any]:
    import psycopg  # noqa: PLC0415 - only this step connects by itself

    from seatrial.checks.migrations.rows import Rows  # noqa: PLC0415

    config = alembic_config(request)
    executed = _listen()
    stops: list[dict[str, Any]] = []
    failures: list[dict[str, str]] = []
    with psycopg.connect(**request["admin"], autocommit=True) as admin:
        rows = Rows(admin) if request["with_rows"] else None
        for direction, revision in request["moves"]:
            executed.clear()
            started = time.perf_counter()
            try:
                _move(config, direction, revision, admin)
            except Exception as error:  # noqa: BLE001 - the project's code may raise anything; it is reported
                failures.append(_told(direction, revision, error))
                if direction == "down":
                    continue  # it is still applied, and the walk can go on from it
                break
            seconds = time.perf_counter() - started
            stop = _stop(admin, rows, executed)
            stops.append({"direction": direction, "revision": revision, "seconds": seconds, **stop})
    return {"stops": stops, "failures": failures}


class NotCommittedError(Exception):
    """Alembic reported success, and the database knows nothing of it."""

    def __str__(self) -> str:
        return "env.py reported success and committed nothing to this database"


def _move(config: Config, direction: str, revision: str, admin: psycopg.Connection[Any]) -> None:
    from alembic import command  # noqa: PLC0415

    from seatrial.postgres.template.verify import revisions_in  # noqa: PLC0415

    before = revisions_in(admin)
    if direction == "up":
        command.upgrade(config, revision)
        if revision not in before and revisions_in(admin) == before:
            raise NotCommittedError
    elif direction == "down":
        command.downgrade(config, f"{revision}-1")


def _told(direction: str, revision: str, error: Exception) -> dict[str, str]:
    # The statement, and where to read more, follow in further lines, which are in the traceback as well.
    message = traceback.format_exception_only(error)[0].strip().partition("\n")[0]
    return {
        "direction": direction,
        "revision": revision,
        "message": message,
        "traceback": own_frames(error),
    }


def _stop(admin: psycopg.Connection[Any], rows: Any, executed: list[str]) -> dict[str, Any]:
    from seatrial.checks.migrations.ignoring import snapshot  # noqa: PLC0415

    statements = [text for text in executed if not _LOOKS_ONLY.search(text)]
    changed = rows.compared(statements) if rows is not None else []
    without = rows.plant() if rows is not None else {}
    return {
        "catalog": snapshot(admin).to_json(),
        "statements": statements,
        "changed": changed,
        "tables_with_rows": rows.tables() if rows is not None else [],
        "without_rows": without,
    }


def _listen() -> list[str]:
    """The texts of the statements that SQLAlchemy executes from now on."""
    import sqlalchemy  # noqa: PLC0415 - Alembic brings it

    executed: list[str] = []

    @sqlalchemy.event.listens_for(sqlalchemy.Engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del connection, cursor, rest
        executed.append(statement)

    return executed


def _models(request: dict[str, Any]) -> str:
    """Make the tables of the models; which metadata that was."""
    import sqlalchemy  # noqa: PLC0415 - Alembic brings it

    named = request["metadata"]
    found = [metadata_of(request)] if named else _metadata_of_env(request)
    engine = sqlalchemy.create_engine(request["sync_url"])
    for metadata in found:
        metadata.create_all(engine)
    engine.dispose()
    return named or "target_metadata of env.py"


def _metadata_of_env(request: dict[str, Any]) -> list[Any]:
    """What env.py gives to Alembic as target_metadata."""
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = alembic_config(request)
    scripts: ScriptDirectory = ScriptDirectory.from_config(config)
    seen: list[Any] = []

    def look(revision: Any, context: Any) -> list[Any]:
        del revision
        seen.append(context.opts.get("target_metadata"))
        return []

    with EnvironmentContext(config, scripts, fn=look):
        scripts.run_env()
    targets = [
        target
        for each in seen
        for target in (each if isinstance(each, (list, tuple)) else [each])
        if target is not None
    ]
    if not targets:
        raise Refusal("no-metadata", NO_MODELS)
    return targets


def _offline(request: dict[str, Any]) -> str:
    """The SQL of revisions, as Alembic writes it without a database."""
    import io  # noqa: PLC0415

    from alembic import command  # noqa: PLC0415

    config = alembic_config(request)
    config.output_buffer = io.StringIO()
    command.upgrade(config, request["range"], sql=True)
    return config.output_buffer.getvalue()


_STEPS: dict[str, Callable[[dict[str, Any]], object]] = {
    "history": _history,
    "walk": _walk,
    "upgrade": upgrade_to_head,
    "models": _models,
    "offline": _offline,
}

if __name__ == "__main__":
    main(_STEPS)
