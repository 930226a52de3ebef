"""Calling the build process and turning its answers into errors that name the cause."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from seatrial.config import redact
from seatrial.errors import TemplateError
from seatrial.postgres.template.calling import ask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LIMIT_S = 600.0


WORKER = "seatrial.postgres.template.worker"


def run_step(
    step: str, *, root: Path, environment: Mapping[str, str], worker: str = WORKER, **request: Any
) -> Any:
    """Run one step of the build in a process with the application's environment.

    Args:
        step: one of the worker's steps.
        root: the folder it runs in.
        environment: what is set there beside our own environment.
        worker: the module that is run.
        request: what the step needs to know.

    Raises:
        TemplateError: the project's code failed; the message carries its own traceback.
    """
    request |= {"step": step, "path": _import_path(root), "parent": os.getpid()}
    whole = {**os.environ, **environment}
    try:
        values, output = ask(worker, request, root=root, environment=whole, limit=_LIMIT_S)
    except subprocess.TimeoutExpired as late:
        raise TemplateError(
            f"building the template did not end within {_LIMIT_S:.0f} s",
            code="template.timeout",
            remedy="look for a migration or seed that waits for a lock, a prompt or another server",
            detail=redact(str(late.output or "")),
        ) from None
    if "result" in values:
        return values["result"]
    raise _error(step, request, values, redact(output))


def _import_path(root: Path) -> list[str]:
    inherited = [folder for folder in sys.path if folder]
    return [str(folder) for folder in (root, root / "src") if folder.is_dir()] + inherited


def _error(step: str, request: Mapping[str, Any], values: Mapping[str, str], output: str) -> TemplateError:
    kind, message = values.get("kind", "died"), redact(values.get("message", ""))
    detail = redact(values.get("traceback", "")) or output[-4000:].strip()
    if kind == "two-heads":
        return TemplateError(
            f"the migrations of {request['config']} have more than one head: {message}",
            code="template.two-heads",
            remedy="join them with `alembic merge heads`, or set down_revision of one to the other; branches "
            'that are meant to stay apart: schema = { command = "alembic upgrade heads" }',
        )
    if kind == "no-revisions":
        return TemplateError(
            f"{message} has a script folder without one revision",
            code="template.no-revisions",
            remedy='make one with `alembic revision --autogenerate`, or use schema = { metadata = "..." }',
        )
    what = {
        "metadata": f"the metadata {request.get('metadata')!r}",
        "command": f"the command {request.get('command')!r}",
        "seed": f"the seed {request.get('seed')!r}",
    }.get(step)
    return TemplateError(
        f"{what or 'the migrations'} failed: {message or 'the process died'}",
        code=f"template.{step if what else 'alembic'}-failed",
        remedy=_REMEDIES.get(kind) or _remedy(detail),
        detail=detail,
    )


_REMEDIES = {
    "seed-parameters": "a seed may take `db`, `session` and `url`, by these names, or nothing",
    "no-callable": "name a function as module:function",
    "no-program": "install it in this environment, or write its path relative to the settings file's folder",
    "no-metadata": "name a MetaData object, such as models:Base.metadata",
}


def _remedy(detail: str) -> str:
    if "permission denied" in detail or "must be superuser" in detail or "InsufficientPrivilege" in detail:
        return (
            "the build runs as the owner of the database, which is no superuser, as in production; "
            "extensions that need one belong in tool.seatrial.database.extensions"
        )
    if missing := re.search(r'extension "([^"]+)" is not available', detail):
        name = missing[1]
        return f'declare it under [tool.seatrial.database]: extensions = ["{name}"]'
    if "KeyError" in detail or "validation error" in detail:
        return "variables that the project's settings need belong in [tool.seatrial.env]"
    return "mend what is named above; it is the project's own code, run as the database's owner"
