"""Fixtures that live longer than one test: what their set-up writes is there as long as they are."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

import pytest

from seatrial.errors import IsolationError
from seatrial.plugin.state import is_bound
from seatrial.trial.shared import SharedRows, Watch

if TYPE_CHECKING:
    from collections.abc import Generator

    from _pytest.fixtures import SubRequest

    from seatrial.postgres.isolation.layers import Layer

_NOT_OF_THE_TEAM = ("_pytest.", "seatrial.")
_XUNIT = ("_xunit_", "_unittest_")
"""What pytest calls the fixtures it makes of `setup_module`, `setUpClass` and their like."""

Fixture = pytest.FixtureDef[Any]


class WideFixtures:
    """Watches the set-up of class-, module-, package- and session-scoped fixtures.

    pytest ends such a fixture in this order: whatever depends on it, what was added last, its own teardown,
    what was added first. So its teardown finds the rows as its set-up made them, and they go after it.

    Args:
        shared: keeps what the fixtures wrote.
    """

    def __init__(self, shared: SharedRows) -> None:
        self._shared = shared
        self._item: pytest.Item | None = None
        self._untouched = False
        self._strangers: list[tuple[Fixture, SubRequest]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note which test begins; it starts from the baseline, and so do the fixtures that it brings."""
        self._item = item
        if is_bound(item):
            self._end_strangers()
        self._untouched = True
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """From here on the test itself may write."""
        self._untouched = False

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: Fixture, request: SubRequest
    ) -> Generator[None, object, object]:
        """Let the fixture run, and keep what it wrote if it lives longer than the test."""
        if self._item is None or not _is_of_the_team(fixturedef):
            return (yield)
        if fixturedef.scope == "function":
            self._untouched = False
            return (yield)
        return (yield from self._watched(fixturedef, request, self._item))

    def _watched(
        self, fixturedef: Fixture, request: SubRequest, item: pytest.Item
    ) -> Generator[None, object, object]:
        layers: list[Layer] = []
        # Added first, so it runs after the fixture's own teardown.
        fixturedef.addfinalizer(lambda: self._end(layers))
        watch = self._begin(fixturedef, request, item)
        try:
            result = yield
        except BaseException:
            # What it wrote goes with this test; fixtures that follow do not start from the baseline.
            self._untouched = False
            raise
        if is_bound(item):
            layers += self._adopted(watch, fixturedef, request, item)
        elif self._shared.mark() != watch.mark:
            self._strangers.append((fixturedef, request))
        return result

    def _begin(self, fixturedef: Fixture, request: SubRequest, item: pytest.Item) -> Watch:
        try:
            if is_bound(item):
                return self._shared.watch(untouched=self._untouched)
            # Should it ask for a fixture of ours meanwhile, the database is at its baseline from then on.
            return Watch(self._shared.mark(), clean=True)
        except BaseException as error:
            # pytest expects a result of every fixture that it has begun to set up.
            fixturedef.cached_result = (None, fixturedef.cache_key(request), (error, error.__traceback__))
            raise

    def _adopted(
        self, watch: Watch, fixturedef: Fixture, request: SubRequest, item: pytest.Item
    ) -> list[Layer]:
        owner = _describe(fixturedef, item)
        try:
            layer = self._shared.adopt(watch, owner=owner, test=item.nodeid)
        except BaseException as error:
            # Its rows will not stay, so neither may its value: the next test sets it up anew.
            fixturedef.finish(request)
            if isinstance(error, IsolationError):
                pytest.fail(str(error), pytrace=False)
            raise
        if layer is None:
            return []
        fixturedef.addfinalizer(self._shared.before_teardown)
        return [layer]

    def _end(self, layers: list[Layer]) -> None:
        for layer in layers:
            try:
                self._shared.end(layer)
            except IsolationError as error:
                pytest.fail(str(error), pytrace=False)

    def _end_strangers(self) -> None:
        """End what tests without seatrial had set up: its rows are about to go, so its value must, too."""
        while self._strangers:
            fixturedef, request = self._strangers.pop()
            fixturedef.finish(request)


def _is_of_the_team(fixturedef: Fixture) -> bool:
    module = getattr(fixturedef.func, "__module__", None) or ""
    return not module.startswith(_NOT_OF_THE_TEAM) or fixturedef.argname.startswith(_XUNIT)


def _describe(fixturedef: Fixture, item: pytest.Item) -> str:
    """A fixture as an error names it."""
    name = f"the {fixturedef.scope}-scoped fixture {fixturedef.argname!r}"
    code = getattr(inspect.unwrap(fixturedef.func), "__code__", None)
    if code is None:
        return name
    return f"{name} ({os.path.relpath(code.co_filename, item.config.rootpath)}:{code.co_firstlineno})"
