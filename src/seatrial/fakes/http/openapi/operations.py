"""The operations of a document, and the one that a request is for."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.fakes.http.paths import template_pattern

if TYPE_CHECKING:
    from seatrial.fakes.http.openapi.document import Document, Part

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path.

    Attributes:
        label: `POST /v1/charges`, with the path of the server.
        part: its description.
        parameters: those of the path and its own, references followed.
        names: the parameters in the path, in order.
        patterns: what its path looks like on each server.
    """

    method: str
    label: str
    part: Part
    parameters: tuple[Part, ...]
    names: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def path_values(self, path: str) -> dict[str, str] | None:
        """What the path holds for each of its parameters; None when it is another path."""
        for pattern in self.patterns:
            found = pattern.fullmatch(path)
            if found:
                return dict(zip(self.names, found.groups(), strict=True))
        return None


class Operations:
    """All operations of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.all: list[Operation] = [
            operation
            for path, item in document.root.below("paths").children()
            if path.startswith("/")
            for operation in self._of_path(path, document.follow(item))
        ]

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request; a path without parameters goes before one with."""
        fitting = [
            operation
            for operation in self.all
            if operation.method == method and operation.path_values(path) is not None
        ]
        return min(fitting, key=lambda operation: len(operation.names), default=None)

    def nearest(self, method: str, path: str) -> str:
        """The operation that may have been meant, as the end of a message."""
        labels = [operation.label for operation in self.all]
        near = difflib.get_close_matches(f"{method} {path}", labels, n=1, cutoff=0.0)
        return f" (the nearest is {near[0]})" if near else ""

    def _of_path(self, path: str, item: Part) -> list[Operation]:
        bases = self._document.base_paths
        names = tuple(re.findall(r"\{([^{}]*)\}", path))
        shared = self._parameters(item)
        return [
            Operation(
                method=method.upper(),
                label=f"{method.upper()} {bases[0]}{path}",
                part=item.below(method),
                parameters=tuple({**shared, **self._parameters(item.below(method))}.values()),
                names=names,
                patterns=tuple(re.compile(re.escape(base) + template_pattern(path)) for base in bases),
            )
            for method in METHODS
            if isinstance(item.below(method).value, dict)
        ]

    def _parameters(self, owner: Part) -> dict[tuple[str, str], Part]:
        followed = [self._document.follow(part) for _, part in owner.below("parameters").children()]
        return {(str(part.below("in").value), str(part.below("name").value)): part for part in followed}
