"""The rows of a stateful collection."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import encoded

Row = dict[str, Any]
NewKey = Callable[[int], Any]


class Duplicate(Exception):  # noqa: N818 - answered with a 409
    """A row with this key is there already."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a collection is written on the wire.

    Attributes:
        key: the field that identifies a row, and ends its path.
        new_key: gives the key of the nth row that came without one; None: n itself.
        envelope: the name under which a list is wrapped; None: a list is a plain JSON array.
    """

    key: str = "id"
    new_key: NewKey | None = None
    envelope: str | None = None


class Rows:
    """Rows in the order in which they were added. Safe to use from any thread.

    Args:
        shape: names the key, and makes new ones.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._lock = threading.RLock()
        self._rows: dict[str, Row] = {}
        self._made = 0

    def all(self) -> list[Row]:
        """Copies of all rows."""
        with self._lock:
            return copy.deepcopy(list(self._rows.values()))

    def get(self, key: str) -> Row | None:
        """A copy of one row."""
        with self._lock:
            return copy.deepcopy(self._rows.get(key))

    def add(self, row: Mapping[str, Any]) -> Row:
        """Add a row, with a key if it has none; a copy of it as it is now.

        Raises:
            Duplicate: its key is taken.
            FakeError: it is no mapping that JSON can hold.
        """
        if not isinstance(row, Mapping):
            raise FakeError(
                f"A collection expects rows as dicts, found {type(row).__name__}.",
                code="fakes.collection",
                remedy='Write rows=[{"id": "cus_1", "name": "Ada"}].',
            )
        encoded(dict(row))
        name = self.shape.key
        with self._lock:
            added = copy.deepcopy(dict(row))
            if added.get(name) is None:
                added = {name: self._new_key(), **{field: added[field] for field in added if field != name}}
            if str(added[name]) in self._rows:
                raise Duplicate(str(added[name]))
            self._rows[str(added[name])] = added
            return copy.deepcopy(added)

    def put(self, key: str, row: Row) -> None:
        """Exchange the row with this key, which keeps its place."""
        with self._lock:
            self._rows[key] = copy.deepcopy(row)

    def remove(self, key: str) -> bool:
        """Remove a row; whether it was there."""
        with self._lock:
            return self._rows.pop(key, None) is not None

    def _new_key(self) -> Any:
        # A function that gives different keys for different numbers meets a free one within these tries.
        for _ in range(len(self._rows) + 1):
            self._made += 1
            key = self._made if self.shape.new_key is None else self.shape.new_key(self._made)
            if str(key) not in self._rows:
                return key
        raise Duplicate(str(key))
