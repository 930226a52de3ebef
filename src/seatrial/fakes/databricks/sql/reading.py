"""From the text of a statement to its tree: in one form, and closed to everything that is not served."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from seatrial.fakes.databricks.sql import grammar
from seatrial.fakes.databricks.sql.dialect import Source
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import failure, of_parser, syntax_error
from seatrial.fakes.databricks.sql.functions import FUNCTIONS
from seatrial.fakes.databricks.sql.functions.literals import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import Token

_TO_CALLS: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentUser: "current_user",
    exp.SessionUser: "session_user",
    exp.StrPosition: "instr",
    exp.Substring: "substring",
}
_TRIMS = {"LEADING": "ltrim", "TRAILING": "rtrim"}


def tokens(statement: str) -> list[Token]:
    """The words of a statement.

    Raises:
        SqlFailure: it has none, or a quotation mark is open.
    """
    try:
        found = Source().tokenize(statement)
    except SqlglotError as error:
        raise of_parser(error) from None
    for one, other in pairwise(found):
        texts = one.token_type == other.token_type == TokenType.STRING
        if texts and one.end + 1 == other.start and statement[other.start] == statement[one.end]:
            raise NotServed(
                "a doubled quotation mark in a text: its meaning depends on the release (write \\')"
            )
    for word in found:
        if word.text == "\0":
            raise syntax_error("\\u0000")
    if not found:
        raise failure("PARSE_EMPTY_STATEMENT", "Syntax error, unexpected empty statement.")
    return found


def parsed(statement: str, words: list[Token]) -> exp.Expr:
    """The tree of the one statement of a text, in one form for what can be written in several.

    Raises:
        SqlFailure: it is no SQL, or more than one statement.
        NotServed: it has something in it that is not served.
    """
    try:
        trees = Source().parser().parse(words, statement)
    except SqlglotError as error:
        raise of_parser(error) from None
    except RecursionError:
        raise syntax_error("the statement is nested too deeply") from None
    if len([tree for tree in trees if tree is not None]) != 1:
        raise syntax_error(";")
    (tree,) = (tree for tree in trees if tree is not None)
    grammar.check(tree)
    return _selected(normal(tree))


def _selected(tree: exp.Expr) -> exp.Expr:
    if not isinstance(tree, exp.Values):
        return tree
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=tree))


def normal(tree: exp.Expr) -> exp.Expr:
    """The same tree with every function as a call, and words where a function takes them as literals."""
    for node in list(tree.walk()):
        name = _TO_CALLS.get(type(node))
        if name is not None:
            tree = _replaced(tree, node, _call(name, list(_parts(node))))
        elif isinstance(node, exp.Trim):
            given = [part for part in (node.expression, node.this) if part is not None]
            name = _TRIMS.get(str(node.args.get("position") or ""), "btrim")
            tree = _replaced(tree, node, _call(name, given if name != "btrim" else given[::-1]))
        elif isinstance(node, exp.Any) and isinstance(node.this, exp.Paren) and not _is_pattern(node):
            tree = _replaced(tree, node, _call("any", [node.this.this]))
        elif isinstance(node, exp.Anonymous):
            _words_to_literals(node)
    return tree


def _is_pattern(node: exp.Any) -> bool:
    return isinstance(node.parent, (exp.Like, exp.ILike, exp.Binary))


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    keys = ("this", "substr", "start", "length")
    return (node.args[key] for key in keys if isinstance(node.args.get(key), exp.Expr))


def _call(name: str, nodes: list[exp.Expr]) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=nodes)


def _replaced(tree: exp.Expr, node: exp.Expr, new: exp.Expr) -> exp.Expr:
    if node is tree:
        return new
    node.replace(new)
    return tree


def _words_to_literals(node: exp.Anonymous) -> None:
    given = node.expressions
    for function in FUNCTIONS.get(node.name.lower(), ()):
        if not function.takes(len(given)):
            continue
        for place, kind in function.literal.items():
            word = given[place]
            if kind in WORDS and isinstance(word, exp.Column) and not word.table:
                word.replace(exp.Literal.string(word.name))
