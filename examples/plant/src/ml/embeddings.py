"""Text as a vector of 384 numbers, by hashing its words and their parts."""

import hashlib
import math
import re
from collections.abc import Iterator

DIMENSIONS = 384
_WORD = re.compile(r"\w+")
_PART = 3
_PART_WEIGHT = 0.5


def embed(text: str) -> list[float] | None:
    """A vector of length one; None where the text has no word, as a vector without direction has no distance.

    Words count fully, their parts of three letters half, so that related words are near one another.
    """
    vector = [0.0] * DIMENSIONS
    for feature, weight in _features(text):
        digest = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
        sign = 1.0 if digest & 1 else -1.0
        vector[(digest >> 1) % DIMENSIONS] += sign * weight
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else None


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word in _WORD.findall(text.casefold()):
        yield word, 1.0
        padded = f"<{word}>"
        for start in range(len(padded) - _PART + 1):
            yield padded[start : start + _PART], _PART_WEIGHT
