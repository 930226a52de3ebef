"""One value of the contract with its place: every reading checks its type, and errors name the line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seatrial.config.names import suggest
from seatrial.config.secrets import redact
from seatrial.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Collection

_Choice = TypeVar("_Choice", bound=str)

Scalar = str | int | float | bool | None
_SHOWN = 60
_WHOLE = 100
"""Percent."""


class Node:
    """A value of a YAML file.

    Args:
        value: a scalar, a list of nodes, or a mapping of names to nodes.
        file: the file, as messages name it.
        line: where it begins, from 1.
        key: the dotted path to it; empty for the whole file.
    """

    def __init__(
        self, value: Scalar | list[Node] | dict[str, Node], *, file: str, line: int, key: str = ""
    ) -> None:
        self.value = value
        self.line = line
        self.key = key
        self._file = file

    def error(self, problem: str, *, code: str, remedy: str) -> ContractError:
        """An error about this value."""
        place = f"{self._file}:{self.line}"
        return ContractError(
            f"{place}: {self.key}: {problem}" if self.key else f"{place}: {problem}", code=code, remedy=remedy
        )

    def mapping(self, *known: str, required: Collection[str] = ()) -> dict[str, Node]:
        """The named values below this one.

        Raises:
            ContractError: it is no mapping, has a key that is not `known`, or lacks one that is `required`.
        """
        if not isinstance(self.value, dict):
            raise self.wrong_type("a mapping (`name: value`)")
        for name, node in self.value.items():
            if name not in known:
                raise node.error(
                    "this key is unknown.",
                    code="contracts.unknown-key",
                    remedy=f"{suggest(name, known)} Correct the key or remove it.",
                )
        for name in required:
            if name not in self.value:
                raise self.error(
                    f"the key {name} is required.",
                    code="contracts.missing-key",
                    remedy=f"Add {name}, with the indentation of the keys beside it.",
                )
        return self.value

    def items(self) -> list[Node]:
        """The values of a list that is not empty."""
        if not isinstance(self.value, list):
            raise self.wrong_type("a list (lines that begin with `- `)")
        if not self.value:
            raise self.error(
                "expected at least one entry, found an empty list.",
                code="contracts.empty",
                remedy="Add an entry, or remove what holds the list.",
            )
        return self.value

    def text(self) -> str:
        """A string that is not empty."""
        if not isinstance(self.value, str):
            raise self.wrong_type("a text")
        if not self.value.strip():
            raise self.error(
                "expected a text that is not empty.", code="contracts.empty", remedy="Write it, or remove it."
            )
        return self.value

    def texts(self) -> tuple[str, ...]:
        """The texts of a list that is not empty."""
        return tuple(node.text() for node in self.items())

    def choice(self, options: Collection[_Choice]) -> _Choice:
        """One of `options`."""
        value = self.text()
        for option in options:
            if value == option:
                return option
        raise self.error(
            f"expected one of {', '.join(sorted(options))}; found {self.found}.",
            code="contracts.bad-value",
            remedy=suggest(value, options),
        )

    def percent(self) -> float:
        """A number above 0 and up to 100; nothing is promised by a minimum of 0."""
        value = self._number("a number of percent, without quotes and without %")
        if not 0 < value <= _WHOLE:
            raise self.error(
                f"expected more than 0 and at most 100 percent, found {value}.",
                code="contracts.bad-value",
                remedy="Write the percentage that every module has to reach, such as 90.",
            )
        return value

    def seconds(self) -> float | None:
        """A number of seconds above 0, or None where the file says null."""
        if self.value is None:
            return None
        value = self._number("a number of seconds, or null for no limit")
        if not 0 < value < float("inf"):
            raise self.error(
                f"expected more than 0 seconds, found {value}.",
                code="contracts.bad-value",
                remedy="Write the limit in seconds, or null for none.",
            )
        return value

    def path(self, root: Path, *, below: str = "") -> str:
        """A path inside the project, written with `/`, as short as it can be.

        Args:
            root: the folder of the project.
            below: the folder in it that the path begins at, and has to stay in.

        Raises:
            ContractError: it is absolute, or leads out.
        """
        text = self.text()
        base = (root / below).resolve()
        place = (base / text).resolve()
        if Path(text).is_absolute() or not place.is_relative_to(base):
            raise self.error(
                f"expected a path below {below or 'the folder of the project'}, found {self.found}.",
                code="contracts.outside",
                remedy=f"Write it as it is seen from {below or 'the folder of the settings'}, without `..`.",
            )
        # Where a link leads is asked when files are compared; here the name stays the one that was written.
        return (
            (Path(below) / Path(text)).as_posix() if ".." not in Path(text).parts else _relative(place, root)
        )

    def wrong_type(self, expected: str) -> ContractError:
        """The error for a value of another type."""
        return self.error(
            f"expected {expected}, found {self.found}.",
            code="contracts.wrong-type",
            remedy=f"Give {expected}.",
        )

    def _number(self, expected: str) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.wrong_type(expected)
        return self.value

    @property
    def found(self) -> str:
        """The value for a message."""
        if self.value is None:
            return "nothing"
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list"
        shown = redact(repr(self.value))
        return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def _relative(place: Path, root: Path) -> str:
    return place.relative_to(root.resolve()).as_posix()
