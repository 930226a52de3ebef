"""The names in a SQL text that could be those of relations. No parser: it only tells names from what is none.

Comments are skipped. Strings are not: `to_regclass('orders')`, the body of a function and SQL that a function
executes are strings, and what a name in one stands for cannot be known. So a name may be found that is
none, and never the other way round, with two exceptions: SQL that is put together inside the server from
parts of names, and, where `standard_conforming_strings` is off, names behind a string that ends with a
backslash and a quote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Names: TypeAlias = tuple[tuple[str, ...], ...]

# Reserved by PostgreSQL and by SQLite alike: without quotes they are never the name of a relation.
_RESERVED = frozenset(
    {"all", "and", "as", "case", "check", "collate", "constraint", "create", "default", "deferrable"}
    | {"distinct", "else", "foreign", "from", "group", "having", "in", "intersect", "into", "limit", "not"}
    | {"null", "on", "or", "order", "primary", "references", "returning", "select", "table", "then", "to"}
    | {"union", "unique", "using", "when", "where"}
)
_TOKEN = re.compile(
    r"""
      (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<string>(?:[uU]&|[bBxXnN])?'[^']*(?:''[^']*)*(?:'|\Z))
    | (?P<unicode>[uU]&"[^"]*(?:""[^"]*)*(?:"|\Z))
    | (?P<quoted>"[^"]*(?:""[^"]*)*(?:"|\Z))
    | (?P<parameter>%\(\w+\)[a-zA-Z])
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<dot>\s*\.\s*)
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_IN_STRING = re.compile(r'[^\W\d][\w$]*(?:"?\."?[^\W\d][\w$]*)*')
_QUOTED_IN_STRING = re.compile(r'"([^"]+)"')
_CODE_POINT = re.compile(r"\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4}))")


def names_in(sql: str) -> Names:
    """Every name of a text, sorted and once each, with the names before its dots; folded to lower case.

    `select o.id from "Sales".orders o` gives `(("id",), ("o", "id"), ...)`: a chain of one name for each name
    that stands alone, and the whole chain where dots join several.
    """
    return tuple(sorted(set(_chains(sql))))


class _Chain:
    """Names that dots join, as far as they were read."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._is_word = False
        self._joined = False

    def dot(self) -> None:
        """The next name belongs to this chain."""
        self._joined = bool(self._names)

    def add(self, name: str, *, word: bool) -> Names:
        """Read a name; the chain that it ends, if it does."""
        ended = () if self._joined else self.end()
        self._names.append(name)
        self._is_word = word and len(self._names) == 1
        self._joined = False
        return ended

    def end(self) -> Names:
        """Begin anew; the chain that was there, if it can be the name of something."""
        names, self._names, self._joined = tuple(self._names), [], False
        return (names,) if names and not (self._is_word and names[0] in _RESERVED) else ()


def _chains(sql: str) -> Iterator[tuple[str, ...]]:
    chain = _Chain()
    position = 0
    while (match := _TOKEN.search(sql, position)) is not None:
        kind, text, position = match.lastgroup or "", match[0], match.end()
        if kind == "block":
            position = _after_comment(sql, position)
        elif kind == "dot":
            chain.dot()
        elif kind in _FOLD:
            yield from chain.add(_FOLD[kind](text), word=kind == "word")
        elif kind != "line":
            yield from chain.end()
            if kind == "dollar":
                inner, position = _body(sql, position, text)
                yield from _chains(inner)
            elif kind in ("string", "escaped"):
                yield from _in_string(text)
    yield from chain.end()


def _unquoted(text: str) -> str:
    return text[1:].removesuffix('"').replace('""', '"').lower()


def _decoded(text: str) -> str:
    return _CODE_POINT.sub(lambda found: chr(int(found[1] or found[2], 16)), _unquoted(text[2:])).lower()


_FOLD = {"word": str.lower, "quoted": _unquoted, "unicode": _decoded}


def _body(sql: str, start: int, quote: str) -> tuple[str, int]:
    """What stands between dollar quotes, and where they end."""
    end = sql.find(quote, start)
    return (sql[start:], len(sql)) if end < 0 else (sql[start:end], end + len(quote))


def _after_comment(sql: str, position: int) -> int:
    """Where a block comment ends; they nest."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, position)
        if edge is None:
            return len(sql)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def _in_string(text: str) -> Iterator[tuple[str, ...]]:
    """The names in a string, whatever it is; nothing in it is taken for a comment."""
    for found in _IN_STRING.finditer(text):
        chain = tuple(part.strip('"').lower() for part in found[0].split("."))
        if len(chain) > 1 or chain[0] not in _RESERVED:
            yield chain
    for found in _QUOTED_IN_STRING.finditer(text):
        yield (found[1].lower(),)
