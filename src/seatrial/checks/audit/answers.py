"""What a team's function that verifies says: that all is well, or which rows are broken."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["intact", "broken", "named", "raised"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What it said.

    Attributes:
        kind: `intact`; `broken`, without a word on where; `named`, with the rows; `raised`.
        rows: for each row that is named the values by which, under the names of columns where it has any.
        text: what it returned or raised, for messages.
        traceback: where it raised.
    """

    kind: Kind
    rows: Sequence[Mapping[str, str]] = ()
    text: str = ""
    traceback: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether it found nothing."""
        return self.kind == "intact"

    def names(self, identities: Mapping[str, str]) -> bool:
        """Whether a row is named.

        Args:
            identities: the values that tell it from others, by column.
        """
        if self.kind == "raised":
            return _mentions(self.text, identities)
        return any(_is(row, identities) for row in self.rows)


def told(value: object) -> Answer:
    """Understand what a function returned.

    Args:
        value: None, True or nothing in a list for a chain that holds; False for one that does not; else the
            broken rows: each a value of the column that orders them, or of another that is unique, or a
            row, mapping or object that has it, or a text in which it stands.
    """
    if value is None or value is True:
        return Answer(kind="intact")
    text = repr(value)[:500]
    if value is False:
        return Answer(kind="broken", text=text)
    many = isinstance(value, Iterable) and not isinstance(value, (str, bytes, memoryview, Mapping))
    if many and not hasattr(value, "_fields"):
        rows = [_row(item) for item in value]  # type: ignore[attr-defined]  # an Iterable, as it was asked
        return Answer(kind="named" if rows else "intact", rows=rows, text=text)
    return Answer(kind="named", rows=[_row(value)], text=text)


def plain(value: object) -> str:
    """A value as text, the same whichever driver has read it."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    return str(value)


def _row(item: object) -> dict[str, str]:
    """The values of a row by name; a name of ours where there is none."""
    named = _by_name(item)
    if named is not None:
        return {str(name): plain(value) for name, value in named.items()}
    if isinstance(item, (tuple, list)):
        return {f"[{position}]": plain(value) for position, value in enumerate(item)}
    return {"[text]" if isinstance(item, str) else "[0]": plain(item)}


def _by_name(item: Any) -> Mapping[Any, Any] | None:
    """What a mapping, a row of a driver, a named tuple or an object holds; None for a plain value."""
    for name in ("_mapping", "_asdict", "items"):
        held = getattr(item, name, None)
        # Any object may have a column of that name: an order has items.
        if isinstance(held, Mapping) or callable(held):
            return dict(held() if callable(held) else held)
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    held = getattr(item, "__dict__", None)
    return None if held is None else {name: value for name, value in held.items() if name[0] != "_"}


def _is(row: Mapping[str, str], identities: Mapping[str, str]) -> bool:
    for name, value in row.items():
        if name == "[text]" and _mentions(value, identities):
            return True
        if name.startswith("[") and value in identities.values():
            return True
    return any(row.get(column) == value for column, value in identities.items())


def _mentions(text: str, identities: Mapping[str, str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) for value in identities.values() if value)
