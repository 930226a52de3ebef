"""Taking secrets out of text before it is written: what looks like one, and what is known to be one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from seatrial.config.secrets import MASK, redact, safe_url

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT_CAP = 16_384
"""Characters of one body or statement that are kept."""
_MARGIN = 4_096
"""How long a secret may be that stands across the place where a text is cut."""
_SHORTEST = 6
"""Shorter credentials than this would be found in innocent text all the time."""


class Redactor:
    """Knows the credentials that were made in this run, besides the looks of credentials."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """Remember secrets; of a header such as `Bearer x` or `a=x; b=y` each part counts."""
        found = {part for value in values for part in _parts(value)} - self._known
        if found:
            self._known |= found
            self._pattern = None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return redact(self._without_known(text))

    def capped(self, text: str) -> tuple[str, bool]:
        """The beginning of a text without secrets, and whether that is not all of it.

        It is cut after the secrets are out: half a secret would not be recognised.
        """
        if len(text) <= TEXT_CAP:
            return self.text(text), False
        window = text[: TEXT_CAP + _MARGIN]
        clean = self.text(window)
        end = len(clean) - (_MARGIN if len(window) < len(text) else 0)
        return clean[: max(0, min(TEXT_CAP, end))], True

    def target(self, path: str, query: str) -> str:
        """Path and query of a request; decoded or not, secrets of both are taken out."""
        clean = self.text(path)
        if not query:
            return clean
        _, _, safe = safe_url(f"http://h/?{self._without_known(query)}").partition("?")
        return f"{clean}?{safe}"

    def _without_known(self, text: str) -> str:
        if self._pattern is None:
            # The longest first: one may be the beginning of another.
            words = sorted(self._known, key=lambda word: (-len(word), word))
            self._pattern = re.compile("|".join(map(re.escape, words)) if words else r"(?!)")
        return self._pattern.sub(MASK, text)


def _parts(value: str) -> Iterable[str]:
    pieces = {value}
    for piece in re.split(r"[;,\s]+", value):
        pieces |= {piece, piece.partition("=")[2]}
    for piece in pieces:
        if len(piece) >= _SHORTEST and piece.lower() not in ("bearer", "digest", "apikey"):
            yield from {piece, quote(piece, safe=""), quote_plus(piece), json.dumps(piece)[1:-1]}
