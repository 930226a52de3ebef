"""The syntax-tree pass in front of pytest's rewriting."""

from __future__ import annotations

import ast
import sys
import threading
import unittest
from textwrap import dedent

import pytest

from seatrial.audit import assertions


def executed(source: str, **names: object) -> int:
    """How many assertions `source` executes, as a module."""
    tree = ast.parse(dedent(source))
    assertions.transform(tree)
    before = assertions.executed()
    exec(compile(tree, "module.py", "exec", dont_inherit=True), {"pytest": pytest, **names})
    return assertions.executed() - before


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("assert True", 1),
        ("for number in range(3): assert number < 3", 3),
        ("for number in []: assert number", 0),
        ("if False:\n    assert False\nelse:\n    assert True", 1),
        ("while True:\n    assert True\n    break\nelse:\n    assert True", 1),
        ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    assert True\nfinally:\n    assert True", 2),
        ("try:\n    assert True\nexcept* ValueError:\n    assert True", 1),
        ("match 1:\n    case 1:\n        assert True\n    case _:\n        assert True", 1),
        ("def check():\n    assert True\ncheck(); check()", 2),
        ("with pytest.raises(ValueError): int('x')", 1),
        ("with pytest.raises(ValueError):\n    assert True\n    int('x')", 2),
        ("pytest.raises(ValueError, int, 'x')", 1),
        ("found = pytest.raises(ValueError)", 0),
        ("from pytest import raises as expected\nwith expected(ValueError): int('x')", 1),
        ("expectation = pytest.raises(ValueError)\nwith expectation: int('x')", 1),
        ("import contextlib\nwith contextlib.nullcontext(): pass", 0),
        ("def assert_all(rows):\n    for row in rows: assert row\nassert_all([])", 0),
        ("def assert_all(rows):\n    for row in rows: assert row\nassert_all([1, 2])", 2),
        ("def assert_it(): return None\nassert_it()", 1),
        ("def _assert_it(): return None\nresult = _assert_it()", 1),
        ("def expect(value): return value\nexpect([]).append(1)", 1),
        ("def respect(value): return value\nrespect([]).append(1)", 0),
        ("import asyncio\nasync def check(): assert await asyncio.sleep(0, True)\nasyncio.run(check())", 1),
        ('"""docstring"""\nfrom __future__ import annotations\nassert True', 1),
        ('"""only a docstring"""', 0),
        ("", 0),
    ],
)
def test_what_counts(source, count):
    assert executed(source) == count


def test_unittest_contexts_count():
    source = """
        with case.assertRaises(ValueError): int('x')
        kept = case.assertRaises(ValueError)
        with kept: int('x')
    """
    assert executed(source, case=unittest.TestCase()) == 2


def test_an_assertion_that_fails_does_not_count():
    assert executed("try:\n    assert False\nexcept AssertionError:\n    pass") == 0


def test_every_position_stays_as_it_was():
    source = dedent('''
        """Docstring."""
        @decorator
        def check(rows, context):
            with context.open(), pytest.raises(ValueError):
                assert all(
                    rows
                ), "message"
            self.assertEqual(1, 2)
            return assert_that(rows).is_empty()
    ''')
    before, after = ast.parse(source), ast.parse(source)
    assertions.transform(after)
    expected = {(type(node), node.lineno, node.col_offset, node.end_lineno) for node in located(before)}
    found = {(type(node), node.lineno, node.col_offset, node.end_lineno) for node in located(after)}
    assert expected <= found
    assert {position[1] for position in found} == {position[1] for position in expected}
    compile(after, "module.py", "exec")


def test_a_tracer_sees_the_same_lines():
    source = dedent("""
        import contextlib
        def check(rows):
            for row in rows:
                assert max(
                    row
                ) in (
                    1, 2)
            with pytest.raises(
                ValueError
            ):
                int("x")
            with contextlib.nullcontext(
                1
            ) as one, contextlib.nullcontext(2):
                assert one
            while one:
                with pytest.raises(KeyError):
                    {}[1]
                assert_it(
                    1,
                )
                break
        check([[1], [2]])
    """)
    before, after = ast.parse(source), ast.parse(source)
    assertions.transform(after)
    plain, counted = lines_traced(before), lines_traced(after)
    assert len(plain) > 20
    assert counted == plain


def lines_traced(tree: ast.Module) -> list[int]:
    lines: list[int] = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename != "traced.py":
            return None
        if event == "line" and frame.f_code.co_name == "check":
            lines.append(frame.f_lineno)
        return trace

    code = compile(tree, "traced.py", "exec", dont_inherit=True)
    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        exec(code, {"pytest": pytest, "assert_it": id})
    finally:
        sys.settrace(previous)
    return lines


def located(tree: ast.Module) -> list[ast.stmt | ast.expr]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)]


def test_a_transformed_module_is_known_by_its_names():
    tree = ast.parse("x = 1")
    assertions.transform(tree)
    names: dict[str, object] = {}
    exec(compile(tree, "module.py", "exec"), names)
    assert assertions.MODULE_NAME in names
    assert not assertions.is_transformed(ast)


def test_star_imports_do_not_hand_the_counter_on():
    assert assertions.MODULE_NAME.startswith("_")


def test_threads_count_without_loss():
    counter = assertions.Counter()

    def work() -> None:
        for _ in range(20_000):
            counter.tick()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [counter.total(), counter.total()] == [80_000, 80_000]
