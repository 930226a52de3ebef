"""Whether a request has the query and the body that a route asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.fakes.request import Request


class _Anything:
    """Nothing is asked of the body; None would be JSON's null."""

    def __repr__(self) -> str:
        return "<nothing>"


NOTHING: Any = _Anything()
"""Stands for an argument that was not given where None means something."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a request must hold besides method and path."""

    json: Any = field(default=NOTHING, repr=False)
    query: Mapping[str, Any] = field(default_factory=dict, repr=False)
    form: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """How many there are: the more, the more specific is the route."""
        keys = len(self.json) if isinstance(self.json, dict) else 1
        return len(self.query) + len(self.form) + (0 if self.json is NOTHING else keys)

    def met(self, request: Request) -> bool:
        """Whether the request holds all of it, and possibly more."""
        return (
            _has(request.query, self.query)
            and _has(request.form, self.form)
            and (self.json is NOTHING or (bool(request.body) and holds(request.json, self.json)))
        )

    def __str__(self) -> str:
        # The names only: values may be credentials.
        fields = {"match_query": self.query, "match_form": self.form}
        parts = [f"{name}({', '.join(asked)})" for name, asked in fields.items() if asked]
        if self.json is not NOTHING:
            parts.append(f"match_json({', '.join(self.json) if isinstance(self.json, dict) else '...'})")
        return " and ".join(parts)


def conditions(
    *,
    match_json: Any = NOTHING,
    match_query: Mapping[str, Any] | None = None,
    match_form: Mapping[str, Any] | None = None,
) -> Conditions:
    """Checked conditions.

    Raises:
        FakeError: `match_query` or `match_form` is no dict of names.
    """
    for name, asked in (("match_query", match_query), ("match_form", match_form)):
        if asked is not None and not (isinstance(asked, dict) and all(isinstance(key, str) for key in asked)):
            raise FakeError(
                f"{name} expects a dict of names and values, found {type(asked).__name__}.",
                code="fakes.route",
                remedy=f'Write {name}={{"page": 2}}.',
            )
    return Conditions(json=match_json, query=match_query or {}, form=match_form or {})


def holds(found: Any, asked: Any) -> bool:
    """Whether `found` has everything that `asked` has; objects may have more, arrays may not."""
    if isinstance(asked, dict):
        return isinstance(found, dict) and all(
            name in found and holds(found[name], value) for name, value in asked.items()
        )
    if isinstance(asked, (list, tuple)):
        return (
            isinstance(found, list)
            and len(found) == len(asked)
            and all(holds(*pair) for pair in zip(found, asked, strict=True))
        )
    # In JSON true is not 1.
    return isinstance(found, bool) == isinstance(asked, bool) and bool(found == asked)


def _has(found: Mapping[str, list[str]], asked: Mapping[str, Any]) -> bool:
    return all(found.get(name) == _texts(value) for name, value in asked.items())


def _texts(value: Any) -> list[str]:
    return [as_text(each) for each in value] if isinstance(value, (list, tuple)) else [as_text(value)]


def as_text(value: Any) -> str:
    """A value as a query writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
