"""What a program is made of: operations with variants, filled in from one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal["any", "superuser"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A family of statements that put the same demand on isolation.

    Args:
        name: for coverage and replay.
        variants: SQL with places for numbers: `{n}` 0 to 49, `{few}` 1 to 5, `{many}` 1 to 1000.
        who: which session runs it.
        structure: whether a copy of the database is a fair answer: it changes definitions or storage, or does
            what no log tells.
        noticed: whether it may change the catalogue, if only for a while; then the catalogue is compared too.
        weight: how often it is drawn, in comparison with the others.
    """

    name: str
    variants: tuple[str, ...]
    who: Who = "any"
    structure: bool = False
    noticed: bool = False
    weight: int = 4

    def statement(self, number: int) -> str:
        """The SQL for a number that a program carries."""
        variant = self.variants[number % len(self.variants)]
        rest = number // len(self.variants)
        return variant.format(n=rest % 50, few=rest % 5 + 1, many=rest * 7 % 1000 + 1, coin=rest % 2)


def rows(name: str, *variants: str) -> Operation:
    """An operation on rows."""
    return Operation(name=name, variants=variants)
