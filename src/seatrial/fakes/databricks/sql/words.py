"""Statements that are read word by word: too simple, or too much Databricks' own, for a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import TokenType, exp

from seatrial.fakes.databricks.sql.dialect import Source
from seatrial.fakes.databricks.sql.failures import syntax_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import Token

    from seatrial.fakes.databricks.sql.parameters import Bound


class Words:
    """The words of a statement, and which is next."""

    def __init__(self, words: Sequence[Token], bound: Bound) -> None:
        self._words = [word for word in words if word.token_type != TokenType.SEMICOLON]
        self._bound = bound
        self._next = 0

    @property
    def here(self) -> str:
        """The next word as it is written; empty at the end."""
        return self._words[self._next].text if self._next < len(self._words) else ""

    @property
    def is_text(self) -> bool:
        """Whether a text in quotation marks is next."""
        return self._next < len(self._words) and self._words[self._next].token_type == TokenType.STRING

    def take(self, *words: str) -> bool:
        """Go on if the next words are these, in any case."""
        there = self._words[self._next : self._next + len(words)]
        same = len(there) == len(words) and all(
            word.text.upper() == wanted and word.token_type not in (TokenType.STRING, TokenType.IDENTIFIER)
            for word, wanted in zip(there, words, strict=True)
        )
        if same:
            self._next += len(words)
        return same

    def expect(self, *words: str) -> None:
        """Go on over these words.

        Raises:
            SqlFailure: others are next.
        """
        if not self.take(*words):
            raise syntax_error(self.here)

    def end(self) -> None:
        """Make sure that nothing is left.

        Raises:
            SqlFailure: something is.
        """
        if self._next < len(self._words):
            raise syntax_error(self.here)

    def text(self) -> str:
        """A text in quotation marks.

        Raises:
            SqlFailure: something else is next.
        """
        if not self.is_text:
            raise syntax_error(self.here)
        self._next += 1
        return self._words[self._next - 1].text

    def name(self) -> list[str]:
        """A name with its levels, or the one that `IDENTIFIER(...)` makes.

        Raises:
            SqlFailure: none is next.
        """
        if self.take("IDENTIFIER", "("):
            return self._made()
        parts = [self._part()]
        while self.here == "." and self._words[self._next].token_type == TokenType.DOT:
            self._next += 1
            parts.append(self._part())
        return parts

    def _part(self) -> str:
        if self._next >= len(self._words):
            raise syntax_error("")
        word = self._words[self._next]
        if word.token_type != TokenType.IDENTIFIER and not word.text.replace("_", "a").isalnum():
            raise syntax_error(word.text)
        self._next += 1
        return word.text

    def _made(self) -> list[str]:
        depth, start = 1, self._next
        while self._next < len(self._words) and depth:
            depth += {"(": 1, ")": -1}.get(self.here, 0)
            self._next += 1
        inner = self._words[start : self._next - 1]
        (tree,) = Source().parser().parse(inner, " ".join(word.text for word in inner))
        if tree is None:
            raise syntax_error(")")
        return [part.name for part in exp.to_table(self._bound.text_of(tree), dialect=Source).parts]
