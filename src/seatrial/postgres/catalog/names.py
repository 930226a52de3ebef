"""Names as they are printed: quoted where they have to be, always on one line, never ambiguous."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seatrial.postgres.catalog.catalog import Entry

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_DEFAULT_SCHEMA = "public"
_IN_TABLES = 3


def quoted(name: str) -> str:
    r"""A name as SQL writes it; characters that cannot be seen are written by their numbers.

    >>> quoted("orders"), quoted("Odd name"), quoted('a"b'), quoted("größe"), quoted("a\nb")
    ('orders', '"Odd name"', '"a""b"', '"größe"', 'U&"a\\000Ab"')
    """
    if _PLAIN.fullmatch(name):
        return name
    doubled = name.replace('"', '""')
    if name.isprintable():
        return f'"{doubled}"'
    return 'U&"' + "".join(c if c.isprintable() and c != "\\" else _number(c) for c in doubled) + '"'


def visible(text: str) -> str:
    r"""A text on one line, with numbers for characters that cannot be seen.

    >>> visible("select 1\n  from\tb")
    'select 1 from b'
    """
    line = re.sub(r"[ \t\r\n\f]+", " ", text)
    return "".join(c if c.isprintable() else _number(c) for c in line)


def _number(character: str) -> str:
    if character == "\\":
        return "\\\\"
    code = ord(character)
    return f"\\{code:04X}" if code <= 0xFFFF else f"\\+{code:06X}"  # noqa: PLR2004 - four digits or six


@dataclass(frozen=True)
class Names:
    """How the objects of two catalogues are called in what is printed about both."""

    _schemas: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Names:
        """The schema `public` is left out, unless a table in it is called like another schema."""
        return cls(frozenset(entry.path[0] for entry in entries if entry.kind == "schema"))

    def path(self, path: Sequence[str]) -> str:
        """Names from the schema down, joined by dots."""
        hidden = path[0] == _DEFAULT_SCHEMA and len(path) > 1 and path[1] not in self._schemas
        return ".".join(quoted(name) for name in path[1 if hidden else 0 :])

    def head(self, entry: Entry, kind: str) -> str:
        """An object with its kind, to say that it is missing: `table orders`, `orders: check positive`."""
        if entry.kind == "column":
            return self.path(entry.path)
        if entry.kind == "function":
            return f"{kind} {self.label(entry, kind)}"
        if entry.kind == "default privileges":
            schema, role, objects = entry.path
            where = f" in schema {quoted(schema)}" if schema else ""
            return f"default privileges of {visible(role)} for {objects}{where}"
        if entry.is_known_by_name_only:
            return f"{kind} {visible(entry.path[1])}"
        if len(entry.path) == _IN_TABLES:
            return f"{self.path(entry.path[:2])}: {kind} {quoted(entry.path[2])}"
        return f"{kind} {self.path(entry.path)}"

    def label(self, entry: Entry, kind: str) -> str:
        """An object as it stands before a change: `orders`, `orders: check positive`, `twice(integer)`."""
        if entry.kind == "function":
            return f"{self.path(entry.path[:2])}({visible(entry.path[2])})"
        return self.path(entry.path) if entry.kind == "relation" else self.head(entry, kind)
