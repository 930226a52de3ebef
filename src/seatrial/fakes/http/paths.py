"""Paths with parameters, such as `/v1/charges/{id}`."""

from __future__ import annotations

import re

from seatrial.errors import FakeError

_PARAMETER = re.compile(r"\{([^{}]*)\}")


class PathTemplate:
    """A path in which each `{name}` stands for one or more characters other than a slash.

    Raises:
        FakeError: it does not begin with a slash, or its braces or names are wrong.
    """

    def __init__(self, text: str) -> None:
        names = _PARAMETER.findall(text)
        unnamed = [name for name in names if not name.isidentifier()]
        left = _PARAMETER.sub("", text)
        wrong = not text.startswith("/") or "?" in text
        if wrong or unnamed or "{" in left or "}" in left or len(set(names)) < len(names):
            raise FakeError(
                f"A route expects a path such as '/v1/charges/{{id}}', found {text!r}.",
                code="fakes.route",
                remedy="Begin it with a slash, write each parameter once as {name}, "
                "and match the query with match_query.",
            )
        self.text = text
        self.names = tuple(names)
        self._pattern = re.compile(template_pattern(text))

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters in `path`, by name; None when it is another path."""
        found = self._pattern.fullmatch(path)
        values = found.groups() if found else ()
        return dict(zip(self.names, values, strict=True)) if found else None


def template_pattern(text: str) -> str:
    """A regular expression with one group for each parameter."""
    pieces = _PARAMETER.split(text)
    return "".join("([^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
