"""Why a run cannot start, told once and with its true cause."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from seatrial.errors import ApplicationError, CheckError, IsolationError, SeatrialError
from seatrial.plugin.state import TRIAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from seatrial.app import Leftover


def startup_failure(failure: BaseException) -> str:
    """Our own errors as they are; any other with its traceback, from the first frame that is not ours."""
    if isinstance(failure, SeatrialError):
        return str(failure)
    frames = _without_ours(failure.__traceback__)
    text = "".join(traceback.format_exception(type(failure), failure, frames))
    return f"the application could not be started; this is its own error:\n\n{text}"


def fail_with(problems: Sequence[SeatrialError]) -> None:
    """Fail the running test with what is wrong with it, if anything is."""
    if problems:
        pytest.fail("\n\n".join(map(str, problems)), pytrace=False)


def left_running(leftovers: Sequence[Leftover]) -> list[SeatrialError]:
    """What a test's requests left running, as one error or none."""
    if not leftovers:
        return []
    return [
        ApplicationError(
            "this test left work running in the application",
            code="app.left-running",
            detail="\n".join(f"  {leftover.describe()}" for leftover in leftovers),
            remedy="await it before the response, or end it; work that belongs to the application's whole "
            "life is started in its lifespan",
        )
    ]


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Fail the running test with an error about databases, without the frames of ours that led to it."""
    problems = []
    try:
        yield
    except (CheckError, IsolationError) as error:
        problems.append(error)
    fail_with(problems)


def add_notes(error: BaseException, problems: Sequence[SeatrialError]) -> None:
    """Tell, with the error a test failed with, what else is wrong; it is often the cause."""
    for problem in problems:
        if str(problem) != str(error):
            error.add_note(f"\n{problem}")


def _without_ours(frames: TracebackType | None) -> TracebackType | None:
    rest = frames
    while rest is not None and rest.tb_frame.f_globals.get("__name__", "").startswith("seatrial."):
        rest = rest.tb_next
    return rest or frames


@contextmanager
def conftests_checked(config: pytest.Config) -> Iterator[None]:
    """Watch over the import of the first conftests.

    Raises:
        pytest.UsageError: a conftest failed after the database had, where it saw only that nobody answers;
            or a conftest changed what seatrial had put into the environment.
    """
    trial = config.stash[TRIAL]
    try:
        yield
        trial.environment.check_unchanged()
    except SeatrialError as error:
        raise pytest.UsageError(str(error)) from error
    except Exception as error:
        if trial.database is None or trial.database.failure is None:
            raise
        raise pytest.UsageError(f"{error}\n\n{startup_failure(trial.database.failure)}") from error
