"""`seatrial run -- COMMAND`: any process, a worker say, in the environment the tests would give it."""

from __future__ import annotations

import argparse
import ctypes
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from seatrial.cli.project import settings_of_project
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


_PR_SET_PDEATHSIG = 1


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("run", help="run a command on a database and fakes of its own")
    parser.add_argument("--database", metavar="URL", help="the server to use, or 'embedded', or 'sqlite'")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start the services, run the command in their environment, stop them; the command's status."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise SettingsError(
            "there is no command to run",
            code="cli.no-command",
            remedy="write it after two dashes: seatrial run -- python -m worker",
        )
    from seatrial.trial import Trial  # noqa: PLC0415 - `--help` stays quick

    trial = Trial(settings_of_project(), database=options.database)
    try:
        trial.prepare()
        trial.start(application=False)
        return _call(command)
    finally:
        trial.close()


def _call(command: list[str]) -> int:
    """Run the command in the foreground; signals that reach us are for it."""
    try:
        mortal = _end_with_parent() if sys.platform == "linux" else None
        process = subprocess.Popen(command, preexec_fn=mortal)  # noqa: PLW1509 - one call, looked up before
    except OSError as error:
        raise SettingsError(
            f"{command[0]!r} could not be run: {error.strerror}",
            code="cli.no-command",
            remedy="check the command's name and that it is on PATH",
        ) from None

    def forward(number: int, frame: FrameType | None) -> None:
        del frame
        process.send_signal(number)

    previous = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGHUP)}
    # The terminal sends an interrupt to the command as well: it decides when to end.
    previous[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def _end_with_parent() -> Callable[[], object]:
    """Ask Linux to end the command when we are killed: its database is gone then."""
    # Looked up before the fork: afterwards little may be called.
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
