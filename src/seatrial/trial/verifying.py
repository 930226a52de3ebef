"""Proof, while tests run, that isolation keeps its promise: the whole database against its baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import IsolationError

if TYPE_CHECKING:
    from seatrial.postgres.isolation import Replacing
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.sqlite_database import SqliteDatabase

_INTERVAL = 250
"""In ordinary runs: a comparison takes some milliseconds, which the tests in between share."""
_SHOWN = 20


class Verification:
    """Restores the database when a test is over, and compares content and catalogue with the baseline.

    Args:
        database: the tested database.
        replacing: opens the block in which its sessions may end.
        always: after every test; else after every 250th.
    """

    def __init__(
        self, database: TestDatabase | SqliteDatabase, replacing: Replacing, *, always: bool
    ) -> None:
        self._database = database
        self._replacing = replacing
        self._interval = 1 if always else _INTERVAL
        self._unproven: list[str] = []

    def after(self, test: str) -> None:
        """A test is over, and its fixtures are closed.

        Raises:
            IsolationError: something it changed was not undone. A fresh copy is in place then.
        """
        self._unproven.append(test)
        if len(self._unproven) < self._interval:
            return
        unproven, self._unproven = self._unproven, []
        self._database.restore(self._replacing)
        if differences := self._database.differences():
            self._database.renew(self._replacing)
            raise _not_pristine(unproven, differences)


def _not_pristine(tests: list[str], differences: list[str]) -> IsolationError:
    whose = tests[0] if len(tests) == 1 else f"one of the {len(tests)} tests up to {tests[-1]}"
    more = [f"and {len(differences) - _SHOWN} more"] if len(differences) > _SHOWN else []
    return IsolationError(
        f"the restored database does not equal its baseline: what {whose} changed was not undone",
        code="isolation.not-pristine",
        detail="\n".join(f"  {line}" for line in [*differences[:_SHOWN], *more]),
        remedy="this is a fault of seatrial: please report it with these lines. Until it is mended, mark the "
        'test with @pytest.mark.isolation("clone")'
        + ("" if len(tests) == 1 else "; --seatrial-verify tells which test it is"),
    )
