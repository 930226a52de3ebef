"""The owner's side of the supervisor: start it, give orders, hear what became of the server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.errors import ServerError

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence

    from seatrial.postgres.server.identity import Identity

SCRIPT = Path(__file__).with_name("supervisor.py")
ANSWER_SECONDS = 30.0
LEAVE_SECONDS = 15.0


class IdentityRefused(Exception):  # noqa: N818  (an outcome that the caller expects, not a defect)
    """The machine does not let us be who we asked to be; another identity may work."""


class Supervised:
    """A supervisor process and the one program it runs. Not for use by several threads at once."""

    def __init__(
        self, *, remove: Sequence[Path], errors: Path, lease: int | None = None, data_dir: Path | None = None
    ) -> None:
        self._owner = os.getpid()
        self._pending = b""
        self._holding = False
        self._hold = {
            "do": "hold",
            "owner": self._owner,
            "lease": lease,
            "remove": [str(path) for path in remove],
            "data_dir": str(data_dir or ""),
        }
        self.exit_status: int | None = None
        # Not our stderr: who reads our output would wait for the supervisor to close it.
        with errors.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                pass_fds=() if lease is None else (lease,),
                cwd="/",
            )
        self._say(self._hold)

    @property
    def ours(self) -> bool:
        """Whether this is the process that started it, not a forked child."""
        return self._owner == os.getpid()

    def wait_until_holding(self) -> None:
        """Return when the supervisor watches us and keeps the lease."""
        if not self._holding:
            self._expect("holding")
            self._holding = True

    def also_remove(self, path: Path) -> None:
        """Delete `path` too, at the end."""
        self._hold["remove"] = [*self._hold["remove"], str(path)]  # type: ignore[misc]  # a list by construction
        self._say(self._hold)
        self._expect("holding")

    def run(
        self, command: Sequence[str | Path], *, identity: Identity, environment: Mapping[str, str], log: Path
    ) -> int:
        """Start the program and return its process id.

        Raises:
            IdentityRefused: the machine does not allow `identity`.
            ServerError: the program cannot be executed.
        """
        self._say(
            {
                "do": "run",
                "command": [str(part) for part in command],
                "environment": dict(environment),
                "identity": identity.order(),
                "log": str(log),
            }
        )
        answer = self._expect("started", "refused", "failed")
        if answer["event"] == "refused":
            raise IdentityRefused(answer["reason"])
        if answer["event"] == "failed":
            raise ServerError(
                f"{command[0]} could not be executed: {answer['reason']}.",
                code="server.not-executable",
                remedy="Check that the file system is not mounted `noexec` and that this user may run it.",
            )
        return int(answer["pid"])

    def has_exited(self, *, within: float = 0.0) -> bool:
        """Whether the program ended, waiting up to `within` seconds for it. See `exit_status`."""
        if self.exit_status is None:
            answer = self._next_answer(within)
            if answer is not None and answer["event"] == "exited":
                self.exit_status = int(answer["status"])
        return self.exit_status is not None

    def signal(self, number: signal.Signals) -> None:
        """Pass a signal on to the program."""
        self._say({"do": "stop", "signal": int(number)})

    def finish(self) -> None:
        """Stop the program at once, delete, and wait until that is done. Does nothing the second time."""
        if self._owner != os.getpid() or self._process.stdin is None or self._process.stdin.closed:
            return
        with contextlib.suppress(ServerError):
            self._say({"do": "finish"})
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        # `Popen.wait` with a limit sleeps up to 50 ms at a time; the end of the pipe is noticed at once.
        with contextlib.suppress(ServerError):
            deadline = time.monotonic() + LEAVE_SECONDS
            while self._next_answer(deadline - time.monotonic()) is not None:
                pass
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _say(self, order: Mapping[str, Any]) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            raise _lost()
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise _lost() from None

    def _expect(self, *events: str) -> dict[str, Any]:
        answer = self._next_answer(ANSWER_SECONDS)
        if answer is None or answer["event"] not in events:
            raise _lost()
        return answer

    def _next_answer(self, within: float) -> dict[str, Any] | None:
        stdout = self._process.stdout
        if stdout is None or stdout.closed:
            raise _lost()
        deadline = time.monotonic() + within
        while b"\n" not in self._pending:
            poller = select.poll()
            poller.register(stdout, select.POLLIN)
            if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return None
            chunk = os.read(stdout.fileno(), 65536)
            if not chunk:
                raise _lost()
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _lost() -> ServerError:
    return ServerError(
        "The process that watches the PostgreSQL server ended or does not answer.",
        code="server.supervisor-lost",
        remedy="Look for what kills processes here (out of memory, a time limit), and run again.",
    )
