"""Find the living instances of pool classes that keep no list of them."""

from __future__ import annotations

import gc
import weakref
from typing import Any


class Instances:
    """The instances of some classes and their subclasses, found by one walk over the heap.

    The walk takes about 20 ms, so its result is kept until :meth:`find` is told that there are more.
    """

    def __init__(self) -> None:
        self._known: list[weakref.ref[Any]] = []
        self._mark: object = None

    def find(self, classes: tuple[type, ...], mark: object) -> list[Any]:
        """Return the instances; a mark that differs from the last one, or None, asks for a new walk."""
        if mark is None or mark != self._mark:
            family = _with_subclasses(classes)
            found = [item for item in gc.get_referrers(*family) if isinstance(item, classes)]
            self._known = [weakref.ref(item) for item in found]
            self._mark = mark
        return [item for ref in self._known if (item := ref()) is not None]


def _with_subclasses(classes: tuple[type, ...]) -> set[type]:
    family: set[type] = set()
    pending = list(classes)
    while pending:
        cls = pending.pop()
        if cls not in family:
            family.add(cls)
            pending.extend(cls.__subclasses__())
    return family
