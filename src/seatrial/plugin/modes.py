"""Tests that run in one mode only: left out in the other, and counted; a skip would look like an accident."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from seatrial.config.names import suggest
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from seatrial.trial.modes import Modes

_OUTPUT = "seatrial_modes"
_MARKERS = ("live", "mock")


class ModesPlugin:
    """Deselects, in every process, what does not run in this mode.

    Args:
        modes: the modes of this run.
    """

    def __init__(self, modes: Modes) -> None:
        self._modes = modes
        self._left_out: Counter[str] = Counter()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what the markers `live` and `mock` say."""
        left_out = {item: marker for item in items if (marker := self._against(item)) is not None}
        if left_out:
            self._left_out.update(left_out.values())
            items[:] = [item for item in items if item not in left_out]
            config.hook.pytest_deselected(items=list(left_out))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the counts to the process that prints."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = dict(self._left_out)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the counts of an xdist worker; every worker collects the same tests."""
        self._left_out |= Counter(getattr(node, "workeroutput", {}).get(_OUTPUT, {}))

    def lines(self) -> list[str]:
        """The lines of the summary; none where nothing was live and nothing left out."""
        parts = [self._modes.describe()] if self._modes.is_live() else []
        for marker in _MARKERS:
            if count := self._left_out[marker]:
                tests = "1 test is" if count == 1 else f"{count} tests are"
                parts.append(f"{tests} for {marker} mode only and did not run")
        return [f"mode         {'; '.join(parts)}"] if parts else []

    def _against(self, item: pytest.Item) -> str | None:
        """The marker because of which a test does not run now."""
        fits = {"live": self._modes.is_live, "mock": self._modes.is_mocked}
        for name in _MARKERS:
            for marker in item.iter_markers(name):
                if not fits[name]([str(fake) for fake in marker.args]):
                    return name
        return None


def check_mode_markers(items: Sequence[pytest.Item], *, fakes: Collection[str]) -> None:
    """Refuse markers that name something else than declared fakes.

    Raises:
        SettingsError: names every such test.
    """
    wrong = [
        (item, marker)
        for item in items
        for name in _MARKERS
        for marker in item.iter_markers(name)
        if marker.kwargs or any(fake not in fakes for fake in marker.args)
    ]
    if not wrong:
        return
    first = next((str(fake) for _, marker in wrong for fake in marker.args if fake not in fakes), "")
    raise SettingsError(
        "the markers `live` and `mock` take the names of declared fakes, or nothing",
        code="mode.marker",
        detail="\n".join(
            f"  {item.nodeid}: {marker.name}({', '.join(map(repr, marker.args))})" for item, marker in wrong
        ),
        remedy=f'write @pytest.mark.mock or @pytest.mark.mock("openai"). {suggest(first, fakes)}',
    )
