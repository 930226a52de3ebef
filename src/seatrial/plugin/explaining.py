"""Why a run cannot start, told once and with its true cause."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from seatrial.errors import SeatrialError
from seatrial.plugin.state import TRIAL

if TYPE_CHECKING:
    from collections.abc import Iterator


def startup_failure(failure: BaseException) -> str:
    """Our own errors as they are; the application's with its own traceback."""
    if isinstance(failure, SeatrialError):
        return str(failure)
    text = "".join(traceback.format_exception(failure))
    return f"the application could not be started; this is its own error:\n\n{text}"


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
