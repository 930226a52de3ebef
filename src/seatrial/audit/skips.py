"""Which skips a team has agreed to: `skips` in `[tool.seatrial.tests]`, each with a reason and an end."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from seatrial.config.settings import DeclaredSkip

_DAYS_TO_FIX = 90
_NO_REASON = "(no reason given)"


class SkipRegister:
    """The declared skips, asked on one day.

    Args:
        declared: what the settings declare.
        today: the day on which `until` is judged; the named day itself is still allowed.
    """

    def __init__(self, declared: tuple[DeclaredSkip, ...], *, today: date) -> None:
        self._declared = declared
        self._today = today

    def objection(self, test: str, *, reason: str) -> str | None:
        """Why `test` must not be skipped, as text for the person who reads the failure; None if it may."""
        matching = [skip for skip in self._declared if matches(skip.test, test)]
        if any(self._today <= skip.until for skip in matching):
            return None
        if matching:
            return _expired(max(matching, key=lambda skip: skip.until), test=test, reason=reason)
        return _undeclared(test, reason=reason, until=self._today + timedelta(days=_DAYS_TO_FIX))

    def without_a_test(self, collected: Collection[str]) -> tuple[DeclaredSkip, ...]:
        """The declarations that match none of `collected`: ids of tests, and files skipped as a whole."""
        return tuple(
            skip
            for skip in self._declared
            if not any(matches(skip.test, test) or _is_inside(skip.test, test) for test in collected)
        )


def matches(declared: str, test: str) -> bool:
    """Whether `declared` names `test`: exactly, without its parameters, or by `*` and `?`.

    Square brackets are taken as they are, since they hold parameters: `test_y[a]` is that one case.
    """
    pattern = _pattern(declared)
    return bool(pattern.fullmatch(test) or pattern.fullmatch(_without_parameters(test)))


def toml_line(test: str, *, reason: str, until: date) -> str:
    """The declaration to paste into `skips`."""
    return f"{{ test = {_quoted(test)}, reason = {_quoted(reason)}, until = {until.isoformat()} }},"


def _undeclared(test: str, *, reason: str, until: date) -> str:
    return (
        f"undeclared-skip: skipped without a declaration: {reason or _NO_REASON}\n"
        "Expected: a test bound to seatrial runs, or its skip is agreed to until a date.\n"
        "What to do: make it run, or paste this into skips = [...] of [tool.seatrial.tests]:\n"
        f"  {toml_line(test, reason=reason or 'say why', until=until)}"
    )


def _expired(skip: DeclaredSkip, *, test: str, reason: str) -> str:
    ended = skip.until.isoformat()
    return (
        f"undeclared-skip: skipped, though declared until {ended} only: {reason or _NO_REASON}\n"
        f"Expected: {test} runs from that day on.\n"
        f"Declared: {toml_line(skip.test, reason=skip.reason, until=skip.until)}\n"
        "What to do: make it run, or agree to a later date in skips of [tool.seatrial.tests]."
    )


def _is_inside(declared: str, skipped_file: str) -> bool:
    """Whether `declared` names a test of a file that was skipped before its tests could be collected."""
    return "::" not in skipped_file and declared.partition("::")[0] == skipped_file


def _without_parameters(test: str) -> str:
    file, separator, name = test.partition("::")
    return file + separator + name.partition("[")[0]


def _quoted(text: str) -> str:
    # JSON strings are TOML strings, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@lru_cache(maxsize=1024)
def _pattern(declared: str) -> re.Pattern[str]:
    escaped = re.escape(declared).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)
