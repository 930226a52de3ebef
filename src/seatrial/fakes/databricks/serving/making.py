"""Making endpoints, and the controls of them all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.serving import signature
from seatrial.fakes.databricks.serving.control import EndpointControl
from seatrial.fakes.databricks.serving.endpoint import TASKS, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.fakes.databricks.workspace import Workspace


class Endpoints(Mapping[str, EndpointControl]):
    """The endpoints of a workspace by their names, as tests hold them.

    Args:
        space: where they are.
    """

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._lock = threading.Lock()
        self._controls: dict[str, EndpointControl] = {}

    def __getitem__(self, name: str) -> EndpointControl:
        with self._space.lock:
            if name not in self._space.state.endpoints:
                raise KeyError(name)
        with self._lock:
            return self._controls.setdefault(name, EndpointControl(name, self._space))

    def __iter__(self) -> Iterator[str]:
        with self._space.lock:
            return iter(list(self._space.state.endpoints))

    def __len__(self) -> int:
        with self._space.lock:
            return len(self._space.state.endpoints)

    def pending(self) -> list[str]:
        """What was scripted and nobody asked for."""
        return [entry for control in self._all() for entry in control.pending()]

    def clear(self) -> None:
        """Forget what was scripted."""
        for control in self._all():
            control.clear()

    def _all(self) -> list[EndpointControl]:
        with self._lock:
            return [self._controls[name] for name in sorted(self._controls)]


def make_endpoint(
    space: Workspace,
    name: str,
    *,
    task: str | None,
    model: str | None,
    version: str,
    predict: Callable[[Any], Any] | None,
    inputs: Mapping[str, str] | None,
    openapi: Mapping[str, Any] | None,
    ready: bool,
    creator: str,
) -> None:
    """Make a serving endpoint.

    Raises:
        FakeError: the name is taken, or the arguments do not fit together.
    """
    if not name or "/" in name:
        raise _wrong(f"an endpoint with a name without slashes, found {name!r}", "Choose another name.")
    if task is not None and task not in TASKS:
        raise _wrong(f"a task, found {task!r}", f"Name one of {', '.join(TASKS)}, or none.")
    if task is not None and (predict, inputs, openapi) != (None, None, None):
        raise _wrong(
            f"predict, inputs and openapi only for a model of your own; {name!r} has the task {task!r}",
            "Leave the task out, or script its replies in tests.",
        )
    if inputs is not None and openapi is not None:
        raise _wrong(f"inputs or openapi for {name!r}, found both", "Give one of them.")
    made = Endpoint(
        name=name,
        task=task,
        model=model or name,
        creator=creator,
        created=time.time(),
        version=version,
        ready=ready,
        predict=predict,
    )
    document = signature.document(name, inputs, served=made.served_name) if inputs is not None else openapi
    with space.lock:
        if name in space.state.endpoints:
            raise _wrong(f"an endpoint of another name, {name!r} is there", "Choose another name.")
        space.state.endpoints[name] = Endpoint(**{**vars(made), "openapi": document})


def _wrong(expected: str, remedy: str) -> FakeError:
    return FakeError(f"The workspace expects {expected}.", code="fakes.databricks-endpoint", remedy=remedy)
