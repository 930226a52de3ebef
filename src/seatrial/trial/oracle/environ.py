"""Environment variables that a test changed and did not put back."""

from __future__ import annotations

import os
from typing import Any

_PYTESTS_OWN = ("PYTEST_CURRENT_TEST",)


class EnvironWatch:
    """Compares `os.environ` with what it was; less than a microsecond where nothing changed."""

    def __init__(self) -> None:
        self._before: dict[Any, Any] = _copy()

    def begin(self) -> None:
        """Remember the environment as it is."""
        self._before = _copy()

    def forgive(self, since: dict[Any, Any]) -> None:
        """Take what changed after `since`, a `snapshot`, for somebody else's."""
        for name in since.keys() | (now := _copy()).keys():
            if since.get(name) != now.get(name):
                _put(self._before, name, now.get(name))

    def snapshot(self) -> dict[Any, Any]:
        """The environment as it is now, for `forgive`."""
        return _copy()

    def put_back(self) -> dict[str, str]:
        """Undo what changed; how, by the name of the variable: the values may be secrets."""
        now = _copy()
        if now == self._before:
            return {}
        changed = {}
        for name in sorted(now.keys() | self._before.keys()):
            before, after = self._before.get(name), now.get(name)
            if before != after:
                changed[os.fsdecode(name)] = _how(before, after)
                _put(os.environ, os.fsdecode(name), None if before is None else os.fsdecode(before))
        return changed


def _copy() -> dict[Any, Any]:
    # The plain dictionary behind os.environ: to decode every variable twice a test costs more than all else.
    behind = getattr(os.environ, "_data", None)
    copy = dict(behind if isinstance(behind, dict) else os.environ)
    for name in _PYTESTS_OWN:
        copy.pop(name, None)
        copy.pop(name.encode(), None)
    return copy


def _put(place: Any, name: Any, value: Any) -> None:
    if value is None:
        place.pop(name, None)
    else:
        place[name] = value


def _how(before: object, after: object) -> str:
    if before is None:
        return "set"
    return "removed" if after is None else "changed"
