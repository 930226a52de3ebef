"""Counts the assertions a test executes, by adding a counter to the syntax tree of test modules.

An assertion that is written but never reached proves nothing: `for row in rows: assert row.ok` is green
over an empty list. So what counts is execution. `transform` adds the counter before pytest rewrites the
same tree, and leaves line numbers and pytest's explanations as they were.

What counts: an `assert` that held; a `with` that expects something (`pytest.raises`, `pytest.warns`,
`self.assertRaises`, or any object those return); a call whose name starts with `assert`, or `expect` at its
root (`mock.assert_called_once()`, `self.assertEqual(...)`, `assert_that(x).is_equal_to(y)`), unless the
function called is itself in a transformed module: then its own assertions speak.

What does not: `raise AssertionError`, `pytest.fail()`, and assertions inside libraries.
"""

from __future__ import annotations

import ast
import itertools
import pkgutil
import zlib
from typing import TypeVar

MODULE_NAME = "_@seatrial"
"""The global through which a transformed module reaches this one; `import *` leaves it out."""

FORM = f"{zlib.crc32(pkgutil.get_data('seatrial.audit', 'assertions.py') or b''):08x}"
"""Changes whenever this file does: cached code of another form of the counter must not be used."""

_EXPECTING = frozenset({"raises", "warns", "deprecated_call"})
_CALLED_WITH = {
    "raises": 2,
    "warns": 2,
    "deprecated_call": 1,
    "assertRaises": 2,
    "assertWarns": 2,
    "assertRaisesRegex": 3,
    "assertWarnsRegex": 3,
}
"""With fewer arguments these only make a context, which asserts nothing until it is entered."""
_EXPECTATIONS = frozenset({"RaisesExc", "RaisesGroup", "RaisesContext", "WarningsChecker"})
_LOAD = ast.Load()
_COMPOUND = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)
_BLOCKS = ("body", "orelse", "finalbody")
_Anything = TypeVar("_Anything")


class Counter:
    """A count that threads may raise at the same time: one call into C, some 30 ns."""

    def __init__(self) -> None:
        self._ticks = itertools.count()
        self._reads = 0
        self.tick = self._ticks.__next__

    def total(self) -> int:
        """How often `tick` was called. Reading costs a tick of its own, so reads are taken off again."""
        ticks = next(self._ticks) - self._reads
        self._reads += 1
        return ticks


_counter = Counter()
tick = _counter.tick
executed = _counter.total


def asserting(function: _Anything) -> _Anything:
    """Count a call to `function`, unless its own body counts what it asserts. Returns it unchanged."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or MODULE_NAME not in code.co_names:
        tick()
    return function


def expecting(context: _Anything) -> _Anything:
    """Count a `with` over `context` if it is an expectation such as `pytest.raises`. Returns it unchanged."""
    kind = type(context)
    if kind.__name__ in _EXPECTATIONS or (kind.__module__ == "unittest.case" and "Assert" in kind.__name__):
        tick()
    return context


def is_transformed(module: object) -> bool:
    """Whether assertions in `module` are counted."""
    return MODULE_NAME in getattr(module, "__dict__", {})


def transform(tree: ast.Module) -> None:
    """Add the counter to `tree`, in place. Every position in it stays what it was."""
    if not tree.body:
        return
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if block:
                setattr(node, name, _counted(block))
                pending.extend(inner for inner in block if isinstance(inner, _COMPOUND))
        pending.extend(getattr(node, "handlers", ()))
        pending.extend(getattr(node, "cases", ()))
    _import_counter(tree)


def _counted(block: list[ast.stmt]) -> list[ast.stmt]:
    counted: list[ast.stmt] = []
    for statement in block:
        counted.append(statement)
        if isinstance(statement, ast.Assert):
            counted.append(_tick_at(statement))
        elif isinstance(statement, ast.With | ast.AsyncWith):
            counted.extend(_count_with(statement))
        elif isinstance(statement, ast.Expr | ast.Assign | ast.Return):
            _count_call(statement.value)
    return counted


def _count_with(statement: ast.With | ast.AsyncWith) -> tuple[ast.stmt, ...]:
    """What has to follow `statement`; nothing where only the object itself can tell what it expects."""
    if any(_is_expectation(item.context_expr) for item in statement.items):
        return (_tick_at(statement.items[0].context_expr),)
    if isinstance(statement, ast.With):
        for item in statement.items:
            item.context_expr = _through("expecting", item.context_expr)
    return ()


def _count_call(value: ast.expr | None) -> None:
    call = value.value if isinstance(value, ast.Await) else value
    if isinstance(call, ast.Call) and _is_assertion(call):
        call.func = _through("asserting", call.func)


def _is_expectation(context: ast.expr) -> bool:
    if not isinstance(context, ast.Call):
        return False
    last, _ = _ends_of_chain(context.func)
    return last in _EXPECTING or last.lstrip("_").startswith("assert")


def _is_assertion(call: ast.Call) -> bool:
    last, root = _ends_of_chain(call.func)
    if last in _CALLED_WITH:
        return len(call.args) >= _CALLED_WITH[last]
    return last.lstrip("_").startswith("assert") or root.lstrip("_").startswith("assert") or root == "expect"


def _ends_of_chain(function: ast.expr) -> tuple[str, str]:
    """The last name and the first of `first(...).a.b.last`; empty where there is none."""
    last = function.attr if isinstance(function, ast.Attribute) else ""
    node = function
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    root = node.id if isinstance(node, ast.Name) else ""
    return (last or root, root)


def _through(helper: str, expression: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Call(_helper(helper, expression), [expression], []), expression)


def _tick_at(anchor: ast.stmt | ast.expr) -> ast.stmt:
    # At the place the tracer already is when the statement ends, so that it sees no further jump.
    place = _start_of(anchor)
    return ast.Expr(ast.Call(_helper("tick", anchor), [], [], **place), **place)


def _helper(name: str, anchor: ast.stmt | ast.expr) -> ast.expr:
    place = _start_of(anchor)
    return ast.Attribute(ast.Name(MODULE_NAME, _LOAD, **place), name, _LOAD, **place)


def _start_of(anchor: ast.stmt | ast.expr) -> dict[str, int]:
    # One line only: CPython puts a method call at the last line of the attribute it calls.
    line, column = anchor.lineno, anchor.col_offset
    return {"lineno": line, "col_offset": column, "end_lineno": line, "end_col_offset": column}


def _import_counter(tree: ast.Module) -> None:
    # Where pytest puts its own: behind the docstring and the `__future__` imports, which must come first.
    start = 0
    if isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant):
        start = 1
    while start < len(tree.body) and _is_future(tree.body[start]):
        start += 1
    anchor = tree.body[min(start, len(tree.body) - 1)]
    decorators = getattr(anchor, "decorator_list", None)
    line = decorators[0].lineno if decorators else anchor.lineno
    alias = ast.alias(__name__, MODULE_NAME, lineno=line, col_offset=0)
    tree.body.insert(start, ast.Import([alias], lineno=line, col_offset=0))


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
