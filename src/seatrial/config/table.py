"""One table of the settings file: every reading checks the type and names the key in its errors."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from seatrial.config.names import suggest
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
"""`package.module:attribute`."""

_Choice = TypeVar("_Choice", bound=str)


class Table:
    """A TOML table with its place in a file.

    Args:
        values: what the table holds.
        path: the dotted key of the table, empty for the top of the file.
        file: the settings file, for messages.
    """

    def __init__(self, values: dict[str, Any], *, path: str, file: Path) -> None:
        self._values = values
        self._path = path
        self._file = file

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def error(self, key: str, problem: str, *, code: str, remedy: str) -> SettingsError:
        """Return an error about `key` that names its full path and the file."""
        return SettingsError(f"{self.key(key)} in {self._file}: {problem}", code=code, remedy=remedy)

    def key(self, key: str) -> str:
        """Return the full dotted path of `key` (the table itself when empty)."""
        return ".".join(part for part in (self._path, key) if part)

    def only(self, *known: str) -> None:
        """Refuse every key that is not `known`."""
        for key in self._values:
            if key not in known:
                raise self.error(
                    key,
                    "this key is unknown.",
                    code="settings.unknown-key",
                    remedy=f"{suggest(key, known)} Correct the key or remove it.",
                )

    def text(self, key: str) -> str | None:
        """Return a non-empty string, or None when the key is absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if not isinstance(value, str):
            raise self.wrong_type(key, "a string", value)
        if not value.strip():
            raise self.error(
                key,
                "expected a string that is not empty.",
                code="settings.empty",
                remedy="Write a value, or remove the key.",
            )
        return value

    def required_text(self, key: str) -> str:
        """Return a non-empty string; the key must be there."""
        value = self.text(key)
        if value is None:
            raise self.missing(key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of non-empty strings, empty when the key is absent."""
        value = self._values.get(key, [])
        if isinstance(value, str):
            raise self.error(
                key,
                "expected a list of strings, found a string.",
                code="settings.wrong-type",
                remedy=f'Put it in brackets: {key} = ["..."].',
            )
        if not isinstance(value, list):
            raise self.wrong_type(key, "a list of strings", value)
        for position, item in enumerate(value):
            if not isinstance(item, str) or not item.strip():
                raise self.wrong_type(f"{key}[{position}]", "a string that is not empty", item)
        return tuple(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong_type(key, "true or false (without quotes)", value)
        return value

    def integer(self, key: str, *, lowest: int, highest: int) -> int | None:
        """Return an integer between two limits, both included, or None when the key is absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type(key, "an integer", value)
        if not lowest <= value <= highest:
            raise self.error(
                key,
                f"expected an integer from {lowest} to {highest}, found {value}.",
                code="settings.bad-value",
                remedy="Correct it.",
            )
        return value

    def choice(self, key: str, options: Collection[_Choice], *, default: _Choice) -> _Choice:
        """Return one of `options`."""
        value = self.text(key)
        if value is None:
            return default
        for option in options:
            if value == option:
                return option
        raise self.error(
            key,
            f"expected one of {', '.join(sorted(options))}; found {value!r}.",
            code="settings.bad-value",
            remedy=suggest(value, options),
        )

    def day(self, key: str) -> date:
        """Return a TOML date; the key must be there."""
        if key not in self._values:
            raise self.missing(key)
        value = self._values[key]
        # A datetime is a date to Python, but "until" a time of day is not what the rule means.
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.error(
                key,
                f"expected a date, found {kind(value)}.",
                code="settings.wrong-type",
                remedy=f"Write a day without quotes or time: {key} = 2027-03-31.",
            )
        return value

    def reference(self, key: str) -> str | None:
        """Return a `module:attribute` string, or None when the key is absent."""
        value = self.text(key)
        if value is not None:
            self.check_reference(key, value)
        return value

    def references(self, key: str) -> tuple[str, ...]:
        """Return a list of `module:attribute` strings."""
        values = self.texts(key)
        for position, value in enumerate(values):
            self.check_reference(f"{key}[{position}]", value)
        return values

    def check_reference(self, key: str, value: str, *, form: str = "module:attribute") -> None:
        """Refuse a value that is not `package.module:attribute`."""
        if not REFERENCE.fullmatch(value):
            raise self.error(
                key,
                f"expected {form}, found {value!r}.",
                code="settings.bad-value",
                remedy='Write the module, a colon, and the object in it: "shop.main:create_app".',
            )

    def table(self, key: str) -> Table | None:
        """Return a table inside this one, or None when the key is absent."""
        if key not in self._values:
            return None
        value = self._values[key]
        if not isinstance(value, dict):
            raise self.wrong_type(key, "a table", value)
        return Table(value, path=self.key(key), file=self._file)

    def tables(self, key: str) -> dict[str, Table]:
        """Return the named tables inside the table `key`, none when it is absent."""
        outer = self.table(key)
        if outer is None:
            return {}
        return {name: inner for name in outer if (inner := outer.table(name)) is not None}

    def rows(self, key: str) -> list[Table]:
        """Return a list of tables."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong_type(key, "a list of tables", value)
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.wrong_type(f"{key}[{position}]", "a table", item)
        return [
            Table(item, path=self.key(f"{key}[{position}]"), file=self._file)
            for position, item in enumerate(value)
        ]

    def free(self, key: str = "") -> dict[str, Any]:
        """Return a table whose keys are the team's own; this table when `key` is empty."""
        if not key:
            return dict(self._values)
        inner = self.table(key)
        return inner.free() if inner is not None else {}

    def missing(self, key: str) -> SettingsError:
        """Return the error for a key that must be there."""
        return self.error(
            key, "this key is required.", code="settings.missing-key", remedy=f"Add {key} to the table."
        )

    def wrong_type(self, key: str, expected: str, value: object) -> SettingsError:
        """Return the error for a value of another type; the value itself is never shown."""
        return self.error(
            key,
            f"expected {expected}, found {kind(value)}.",
            code="settings.wrong-type",
            remedy=f"Give {expected}.",
        )


def kind(value: object) -> str:
    """Name the TOML type of a value."""
    if value == "":
        return "an empty string"
    kinds: dict[type, str] = {
        bool: "a boolean",
        str: "a string",
        int: "an integer",
        float: "a float",
        list: "a list",
        dict: "a table",
        datetime: "a date with a time",
        date: "a date",
    }
    return kinds.get(type(value), "a time")
