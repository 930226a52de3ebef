"""The oracle as hooks: it looks when a test's own fixtures are closed, and the test itself answers for it.

What a test leaves is judged with the other rules, in its report of the teardown (see `honesty`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from seatrial.plugin.explaining import failing_plainly
from seatrial.plugin.state import LEAKS, is_bound

if TYPE_CHECKING:
    from collections.abc import Generator

    from seatrial.trial import Trial


class OraclePlugin:
    """Brackets the function-scoped fixtures of every bound test.

    A finalizer of the test that is registered before those of its fixtures runs after them, and before
    the fixtures of wider scope end.

    Args:
        trial: the trial of this run.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._item: pytest.Item | None = None
        self._watching = False
        self._after_a_stranger = True
        self._debugged = False

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """What tests that are not bound left is not held against the next one that is."""
        self._item, self._watching, self._debugged = item, False, False
        if not is_bound(item):
            self._after_a_stranger = True
        elif self._after_a_stranger:
            self._forget()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Begin before the first fixture of the test's own; what wider scopes set up is theirs."""
        item = self._item
        if item is None:
            return (yield)
        if fixturedef.scope != "function":
            if not is_bound(item):
                return (yield)
            with self._trial.oracle.shared(_name(fixturedef)):
                return (yield)
        self._begin(item)
        try:
            return (yield)
        finally:
            self._begin(item)  # it may be the first of ours, which a test asked for while it runs

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Begin at the latest before the test itself: it may have no fixture of its own."""
        self._begin(item)

    def pytest_enter_pdb(self) -> None:
        """What somebody does in a debugger is not the test's doing."""
        self._debugged = True

    def _begin(self, item: pytest.Item) -> None:
        if self._watching or not is_bound(item):
            return
        if self._after_a_stranger:
            self._forget()
        self._watching = True
        self._trial.oracle.begin()
        item.addfinalizer(partial(self._end, item))

    def _end(self, item: pytest.Item) -> None:
        self._watching = False
        leaks = self._trial.oracle.end()
        item.stash[LEAKS] = [] if self._debugged else leaks
        if not self._debugged:
            with failing_plainly():
                self._trial.verify(item.nodeid)

    def _forget(self) -> None:
        self._after_a_stranger = False
        self._trial.oracle.forget()


def _name(fixturedef: pytest.FixtureDef[Any]) -> str:
    code = getattr(fixturedef.func, "__code__", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return f"the fixture {fixturedef.argname!r} of {fixturedef.scope} scope{place}"
