"""How each test is isolated: its marker, the setting, and what its fixtures allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from seatrial.config.names import suggest
from seatrial.config.settings import Isolation
from seatrial.errors import SettingsError
from seatrial.plugin.state import fixtures_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

_SESSIONS = frozenset({"seatrial_db_session", "seatrial_async_db_session"})
_WORDS: tuple[str, ...] = get_args(Isolation)


def isolation_of(item: pytest.Item, *, default: Isolation) -> Isolation:
    """How a test is isolated. Only a test with a session can be rolled back; all others are reset then."""
    marker = item.get_closest_marker("isolation")
    wanted = cast("Isolation", marker.args[0]) if marker is not None else default
    return "reset" if wanted == "rollback" and _SESSIONS.isdisjoint(fixtures_of(item)) else wanted


def wants_fresh_app(item: pytest.Item) -> bool:
    """Whether the application is to be started for this test alone."""
    return item.get_closest_marker("fresh_app") is not None


def check_markers(items: Sequence[pytest.Item]) -> None:
    """Refuse markers that do not say how.

    Raises:
        SettingsError: names every such test.
    """
    wrong = [
        (item, marker)
        for item in items
        for marker in item.iter_markers("isolation")
        if marker.kwargs or len(marker.args) != 1 or marker.args[0] not in _WORDS
    ]
    if not wrong:
        return
    words = {str(word) for _, marker in wrong for word in marker.args}
    hint = suggest(words.pop(), _WORDS) if len(words) == 1 else f"Valid: {', '.join(sorted(_WORDS))}."
    raise SettingsError(
        "the marker `isolation` takes one word, which says how the test is isolated",
        code="isolation.marker",
        detail="\n".join(f"  {item.nodeid}: isolation({_arguments(marker)})" for item, marker in wrong),
        remedy=f'write @pytest.mark.isolation("clone"). {hint}',
    )


def _arguments(marker: pytest.Mark) -> str:
    named = (f"{name}={value!r}" for name, value in marker.kwargs.items())
    return ", ".join((*map(repr, marker.args), *named))
