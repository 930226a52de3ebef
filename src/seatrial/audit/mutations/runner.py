"""A pytest process that runs tests on mutants, as the one who gives it orders sees it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

from seatrial.audit.mutations.protocol import Began, Done, Order, Ready, Tried, received, send
from seatrial.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from seatrial.audit.mutations.protocol import Message

_SHOWN_LINES = 40
_END_S = 10.0
_ALONE = {"xdist": "-n0", "pytest_cov": "--no-cov", "pytest_randomly": "--randomly-dont-reorganize"}
"""What keeps other plugins out of the way, where they are installed: orders say what runs, and when."""


class SilentError(Exception):
    """Nothing was heard within the time a test may take.

    Args:
        test: the id of the one that runs; empty if none has begun.
    """

    def __init__(self, test: str) -> None:
        super().__init__(test)
        self.test = test


def pytest_command(arguments: Sequence[str]) -> list[str]:
    """How pytest is called: in this process, with every test in the order in which it was collected."""
    loads_plugins = not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    alone = [option for module, option in _ALONE.items() if loads_plugins and find_spec(module) is not None]
    return [sys.executable, "-m", "pytest", *alone, *arguments]


class Runner:
    """Starts the process and waits until it has collected.

    Args:
        arguments: what to collect, and further options of pytest.
        folder: where pytest is called.

    Raises:
        AuditError: it could not collect, or its database could not be made.
    """

    def __init__(self, arguments: Sequence[str], *, folder: Path) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process lives
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*pytest_command(arguments), f"--seatrial-mutants={theirs.fileno()}"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket = ours
        self._stream = ours.makefile("rw", encoding="utf-8")
        self._messages = received(self._stream)
        ready = self._next(timeout=None)
        if not isinstance(ready, Ready):
            raise self._no_start()
        self.ready = ready

    def obey(self, order: Order, *, patience: float) -> Iterator[Tried | Done]:
        """Let an order be carried out.

        Args:
            order: what to run.
            patience: seconds that one test may take.

        Raises:
            SilentError: one took longer. The process is of no further use.
        """
        send(self._stream, order)
        running = ""
        while True:
            try:
                message = self._next(timeout=patience)
            except TimeoutError:
                raise SilentError(running) from None
            if isinstance(message, Began):
                running = message.test
            if isinstance(message, (Tried, Done)):
                yield message
            if isinstance(message, Done):
                return
            if message is None:
                yield Done(broken=f"the process that runs the tests has ended\n{self._tail()}")
                return

    def close(self) -> None:
        """End the process; its server ends with it."""
        self._stream.close()
        self._socket.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._output.close()

    def _next(self, *, timeout: float | None) -> Message | None:
        self._socket.settimeout(timeout)
        try:
            return next(self._messages, None)
        except ConnectionError:
            return None

    def _no_start(self) -> AuditError:
        self._process.wait()
        return AuditError(
            "The tests could not be collected for runs on mutants.",
            code="mutations.no-tests",
            detail=self._tail(),
            remedy="Run pytest with the same arguments, and mend what it says.",
        )

    def _tail(self) -> str:
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_SHOWN_LINES:])


def starting(arguments: Sequence[str], *, folder: Path) -> Callable[[], Runner]:
    """What starts a runner, as often as one is needed."""
    return lambda: Runner(arguments, folder=folder)
