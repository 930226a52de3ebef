r"""Expressions that the server writes in two ways, and that mean the same.

A list of words compared with a varchar, `status in ('open', 'paid')`, is written with a cast of the whole
list where the original statement was run, and with a cast of each word where that text was run again, as by
a dump that was restored or a migration that was generated from a database.

>>> plain_casts("ANY (ARRAY['open'::character varying, 'paid'::character varying]::text[])")
"ANY (ARRAY['open'::text, 'paid'::text])"
>>> plain_casts("ANY (ARRAY['open'::character varying::text, 'paid'::character varying::text])")
"ANY (ARRAY['open'::text, 'paid'::text])"
"""

from __future__ import annotations

import re

_WORD = r"E?'(?:[^']|'')*'"
_VARYING = r"::character varying"
_LIST = re.compile(rf"ARRAY\[({_WORD}{_VARYING}(?:, {_WORD}{_VARYING})*)\]::text\[\]")
_CAST_TWICE = re.compile(rf"({_WORD}){_VARYING}::text\b(?!\[)")
_CAST_ONCE = re.compile(rf"({_WORD}){_VARYING}")
# Other literals and quoted names are passed over as they are.
_TOKEN = re.compile(rf'{_LIST.pattern}|{_CAST_TWICE.pattern}|{_WORD}|"(?:[^"]|"")*"')


def plain_casts(expression: str) -> str:
    """The expression with words cast to text alone where they are cast to varchar first."""
    if "::character varying" not in expression:
        return expression
    return _TOKEN.sub(_plain, expression)


def _plain(token: re.Match[str]) -> str:
    words, word = token[1], token[2]
    if words is not None:
        plain = _CAST_ONCE.sub(r"\1::text", words)
        return f"ARRAY[{plain}]"
    return token[0] if word is None else f"{word}::text"
