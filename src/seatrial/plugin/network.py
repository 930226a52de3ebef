"""Connections to other machines that fixtures attempt; those of a test's call are judged with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seatrial.plugin.explaining import add_notes, fail_with
from seatrial.plugin.state import is_bound

if TYPE_CHECKING:
    from collections.abc import Generator

    from seatrial.trial import Trial


class NetworkPlugin:
    """Fails what attempted a connection outside of a test's call: a wide fixture, or the teardown.

    Args:
        trial: the trial of this run.
    """

    def __init__(self, trial: Trial) -> None:
        self._guard = trial.guard

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Tell, with the error of a fixture, which connections were refused: they are often the cause."""
        try:
            yield
        except BaseException as error:
            if is_bound(item):
                add_notes(error, self._guard.problems("the setup of this test"))
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Fail a fixture that several tests use by its own name, not the first of them."""
        before = self._guard.refused
        value = yield
        if fixturedef.scope != "function":
            what = f"the fixture {fixturedef.argname!r} of {fixturedef.scope} scope"
            fail_with(self._guard.problems(what, since=before))
        return value

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a test whose fixtures attempt connections when they end."""
        yield
        if is_bound(item):
            fail_with(self._guard.problems("the teardown of this test"))
