"""Headers that can be asserted on and never show a credential."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping

_MASK = "***"
_SECRET = re.compile(
    r"authorization|cookie|token|secret|password|signature|credential|api-?key|auth-key", re.IGNORECASE
)


def is_secret(name: str) -> bool:
    """Whether what goes by this name is a credential."""
    return _SECRET.search(name) is not None


class Headers(Mapping[str, str]):
    """Headers by name, in any case; what holds a credential reads `***`.

    Args:
        pairs: name and value; values of one name are joined by a comma.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            key = name.lower()
            self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        value = self._values[name.lower()]
        return _MASK if is_secret(name) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def carries(self, name: str, value: str) -> bool:
        """Whether the header has exactly this value: the way to check a credential without showing it."""
        return hmac.compare_digest(self._values.get(name.lower(), "").encode(), value.encode())

    def __repr__(self) -> str:
        return repr(dict(self))
