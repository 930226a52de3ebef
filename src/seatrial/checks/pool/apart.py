"""Looking at pools in a process that has no others, and is nobody else's."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.config import redact
from seatrial.errors import CheckError
from seatrial.postgres.template.calling import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seatrial.checks.ground import Ground

_WORKER = "seatrial.checks.pool.worker"
_LIMIT_S = 300.0


def looked_at(name: str, doc: str) -> Callable[[Ground], Iterator[Finding | Note]]:
    """A check that is done in a process of its own.

    Args:
        name: of the function in the worker.
        doc: what the check looks at.
    """

    def look(ground: Ground) -> Iterator[Finding | Note]:
        if ground.trial is None or ground.settings.app is None:
            raise Inapplicable("the settings name no application")
        if ground.cluster.kind != "embedded":
            # A server that others use is not emptied of connections, and cannot be restarted.
            raise Inapplicable("the database is on a named server, which is not ours alone")
        answer = _ask(ground, name)
        if "inapplicable" in answer:
            raise Inapplicable(answer["inapplicable"])
        if "error" in answer:
            raise _failed(name, answer["error"], answer["detail"])
        for said in answer["said"]:
            yield Note(said["text"]) if "text" in said else Finding(**said)

    look.__doc__ = doc
    return look


def written(said: Finding | Note) -> dict[str, Any]:
    """What a look says, as it travels."""
    return asdict(said)


def _ask(ground: Ground, name: str) -> dict[str, Any]:
    assert ground.trial is not None
    request = {
        "look": name,
        "source": str(ground.settings.source),
        "path": [folder for folder in sys.path if folder],
    }
    try:
        answer, output = ask(
            _WORKER,
            request,
            root=ground.settings.root,
            # As it was before the run changed it: the process makes changes of its own.
            environment=ground.trial.environment.inherited,
            limit=_LIMIT_S,
        )
    except subprocess.TimeoutExpired as late:
        return {"error": f"it was not over after {_LIMIT_S:g} s", "detail": redact(str(late.output or ""))}
    return answer or {"error": "the process died", "detail": redact(output[-4000:])}


def _failed(name: str, message: str, detail: str) -> CheckError:
    return CheckError(
        f"pool.{name} could not be done: {message}",
        code="checks.pool-failed",
        remedy="see what is said above; the application was started in a process of its own, as in the run",
        detail=detail,
    )
