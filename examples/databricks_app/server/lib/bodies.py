"""Bodies of requests, looked at before they are parsed."""

import re
from typing import Any

from fastapi import Request

_DEEPEST = 128
"""Levels of nesting, more than any value that is kept.

The parser calls itself for each: where a body drives it to the limit of recursion, whatever Python has to do
there as well, such as closing a connection, fails too.
"""

# A string first: what looks like a bracket in it is none. It never fails, so the time is linear.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class ShallowRequest(Request):
    """A request that refuses a body nested too deep."""

    async def json(self) -> Any:
        check_nesting((await self.body()).decode(errors="replace"))
        return await super().json()


def check_nesting(text: str) -> None:
    """Refuse JSON that is too deep.

    Raises:
        ValueError: it has more than 128 levels.
    """
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > _DEEPEST:
            raise ValueError(f"expected at most {_DEEPEST} levels")
