"""The process in which the project's own code builds the schema: migrations, metadata, Python seeds.

It reads one JSON request from standard input and writes one JSON answer to the open file named there.
A process of its own keeps the project's modules, event loops and engines out of the test process.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alembic.config import Config

from seatrial.postgres.parent import when_parent_ends


class Refusal(Exception):  # noqa: N818 - not an error of this process: an answer
    """What is wrong with the project's own files, as an answer for the parent."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def main(steps: Mapping[str, Callable[[dict[str, Any]], object]]) -> None:
    """Serve one request."""
    request = json.loads(sys.stdin.read())
    when_parent_ends(_end, parent=request["parent"])
    for folder in reversed(request["path"]):
        sys.path.insert(0, folder)
    try:
        answer = {"result": steps[request["step"]](request)}
    except Refusal as refusal:
        answer = {"kind": refusal.kind, "message": str(refusal), "traceback": ""}
    except BaseException as error:  # noqa: BLE001 - the parent reports it, whatever it is
        answer = {
            "kind": "raised",
            "message": f"{type(error).__name__}: {error}",
            "traceback": own_frames(error),
        }
    with os.fdopen(request["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


def _end() -> None:
    """End at once, with all that was started: what waits for something would go on for nobody."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def own_frames(error: BaseException) -> str:
    """The traceback with the project's frames and the last one: libraries add dozens between them."""
    shown = traceback.TracebackException.from_exception(error)
    pending: list[traceback.TracebackException | None] = [shown]
    while pending:
        part = pending.pop()
        if part is None:
            continue
        own = [frame for frame in part.stack[:-1] if _is_of_the_project(frame.filename)]
        part.stack = traceback.StackSummary.from_list(own + part.stack[-1:])
        pending += [part.__cause__, part.__context__]
    return "".join(shown.format())


def _is_of_the_project(filename: str) -> bool:
    # The build runs in the settings folder; an environment may lie in it as well.
    path = Path(filename)
    return path.is_relative_to(Path.cwd()) and "site-packages" not in path.parts


def alembic_config(request: dict[str, Any]) -> Config:
    """Alembic's configuration, with the URL of the request."""
    from alembic.config import Config  # noqa: PLC0415 - only projects with migrations have it

    file = request["config"]
    config = Config(toml_file=file) if request["toml"] else Config(file)
    # Alembic interpolates its values, so a percent sign in a password must be doubled.
    config.set_main_option("sqlalchemy.url", request["url"].replace("%", "%%"))
    return config


def upgrade_to_head(request: dict[str, Any]) -> str:
    """Migrate to the one head; its revision."""
    from alembic import command  # noqa: PLC0415 - only this step needs it
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = alembic_config(request)
    heads = ScriptDirectory.from_config(config).get_heads()
    if len(heads) > 1:
        raise Refusal("two-heads", ", ".join(sorted(heads)))
    if not heads:
        raise Refusal("no-revisions", request["config"])
    command.upgrade(config, "head")
    return heads[0]


def _metadata(request: dict[str, Any]) -> None:
    create_all(metadata_of(request), request)


def metadata_of(request: dict[str, Any]) -> Any:
    """The MetaData that a request names."""
    metadata = _attribute(request["metadata"])
    if not hasattr(metadata, "create_all"):
        raise Refusal("no-metadata", f"{request['metadata']} is {type(metadata).__name__}, not a MetaData")
    return metadata


def create_all(metadata: Any, request: dict[str, Any]) -> None:
    """Make its tables."""
    import sqlalchemy  # noqa: PLC0415 - only this step needs it

    engine = sqlalchemy.create_engine(request["url"])
    metadata.create_all(engine)
    engine.dispose()


def _command(request: dict[str, Any]) -> None:
    words = shlex.split(request["command"])
    # "python" and the tools beside it are those of this environment, activated or not.
    tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    os.environ["PATH"] = tools
    program = shutil.which(words[0], path=tools)
    if program is None:
        raise Refusal("no-program", f"there is no program {words[0]!r}")
    done = subprocess.run([program, *words[1:]], stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Refusal("command", f"it ended with status {done.returncode}")


def seed(request: dict[str, Any], *, handle: Callable[[str], Any] | None = None) -> None:
    """Call a seed of the project.

    Args:
        request: names it.
        handle: what makes a `db` of a plain URL; PostgreSQL's by default.
    """
    function = _attribute(request["seed"])
    if not callable(function):
        raise Refusal("no-callable", f"{request['seed']} is {type(function).__name__}, not a function")
    with contextlib.ExitStack() as until_committed:
        result = function(**_wanted(function, request, handle or _postgres_handle, until_committed))
        if inspect.isawaitable(result):
            asyncio.run(_wait(result))


def _postgres_handle(url: str) -> Any:
    from seatrial.postgres.handle import Handle  # noqa: PLC0415 - the driver is an extra

    return Handle.of_url(url)


def _wanted(
    function: Any,
    request: dict[str, Any],
    handle: Callable[[str], Any],
    until_committed: contextlib.ExitStack,
) -> dict[str, Any]:
    """What a seed's parameters name: `db` (our handle), `session` (SQLAlchemy) or `url`."""
    names = list(inspect.signature(function).parameters)
    unknown = [name for name in names if name not in ("db", "session", "url")]
    if unknown:
        raise Refusal("seed-parameters", f"{request['seed']} wants {unknown[0]!r}")
    given: dict[str, Any] = {"url": request["url"]}
    if "db" in names:
        given["db"] = handle(request["plain_url"])
    if "session" in names:
        given["session"] = until_committed.enter_context(_session(request["url"]))
    return {name: given[name] for name in names}


@contextlib.contextmanager
def _session(url: str) -> Iterator[Any]:
    import sqlalchemy  # noqa: PLC0415 - only seeds that ask for a session need it
    from sqlalchemy.orm import Session  # noqa: PLC0415

    with Session(sqlalchemy.create_engine(url)) as session:
        yield session
        session.commit()


async def _wait(result: Any) -> Any:
    return await result


def _attribute(path: str) -> Any:
    module, _, names = path.partition(":")
    value: Any = importlib.import_module(module)
    for name in names.split("."):
        value = getattr(value, name)
    return value


STEPS = {"alembic": upgrade_to_head, "metadata": _metadata, "command": _command, "seed": seed}

if __name__ == "__main__":
    main(STEPS)
