"""Declared skips: what they match, and until when."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from seatrial.audit.skips import SkipRegister, matches, toml_line
from seatrial.config.settings import DeclaredSkip

TODAY = date(2027, 3, 31)


def register(*tests: str, until: date = TODAY) -> SkipRegister:
    return SkipRegister(
        tuple(DeclaredSkip(test=test, reason="agreed", until=until) for test in tests), today=TODAY
    )


@pytest.mark.parametrize(
    ("declared", "test", "expected"),
    [
        ("a.py::test_x", "a.py::test_x", True),
        ("a.py::test_x", "a.py::test_xy", False),
        ("a.py::test_x", "b/a.py::test_x", False),
        ("a.py::test_x", "a.py::test_x[1-b]", True),
        ("a.py::test_x[1-b]", "a.py::test_x[1-b]", True),
        ("a.py::test_x[1-b]", "a.py::test_x[2-b]", False),
        ("a.py::test_x[1-b]", "a.py::test_x1", False),
        ("a.py::test_*", "a.py::test_x[1]", True),
        ("tests/*::test_x", "tests/deep/a.py::TestY::test_x", True),
        ("a.py::test_?", "a.py::test_x", True),
        ("a.py::test_?", "a.py::test_xy", False),
        ("a.py::test.x", "a.py::test_x", False),
        ("[x]/a.py::test_x", "[x]/a.py::test_x[1]", True),
        ("a.py", "a.py", True),
        ("a.py", "a.py::test_x", False),
    ],
)
def test_what_a_declaration_names(declared, test, expected):
    assert matches(declared, test) is expected


def test_the_named_day_is_the_last_on_which_a_skip_is_allowed():
    assert register("a.py::test_x").objection("a.py::test_x", reason="r") is None
    late = register("a.py::test_x", until=date(2027, 3, 30)).objection("a.py::test_x", reason="r")
    assert late is not None
    assert "2027-03-30" in late


def test_the_later_of_two_declarations_decides():
    skips = (
        DeclaredSkip(test="a.py::*", reason="old", until=date(2020, 1, 1)),
        DeclaredSkip(test="a.py::test_x", reason="new", until=date(2030, 1, 1)),
    )
    assert SkipRegister(skips, today=TODAY).objection("a.py::test_x", reason="r") is None
    expired = SkipRegister(skips, today=date(2031, 1, 1)).objection("a.py::test_x", reason="r")
    assert expired is not None
    assert "2030-01-01" in expired


def test_an_undeclared_skip_prints_the_reason_and_the_line():
    text = register().objection("a.py::test_x[a]", reason='no "server"')
    assert text is not None
    assert text.splitlines()[0] == 'undeclared-skip: skipped without a declaration: no "server"'
    line = tomllib.loads(f"skips = [{text.splitlines()[-1]}]")["skips"][0]
    assert line == {"test": "a.py::test_x[a]", "reason": 'no "server"', "until": date(2027, 6, 29)}


@pytest.mark.parametrize("text", ['"', "\\", "a\nb", "\x7f", "\x01", "é", "'''", "*?[]"])
def test_any_text_makes_a_line_that_toml_reads_back(text):
    line = toml_line(text, reason=text, until=TODAY)
    assert tomllib.loads(f"skips = [{line}]")["skips"] == [{"test": text, "reason": text, "until": TODAY}]


def test_declarations_without_a_test():
    skips = register("a.py::test_x", "a.py::test_gone", "skipped.py::test_y", "b/*::test_z")
    unused = skips.without_a_test({"a.py::test_x[1]", "skipped.py", "c.py::test_z"})
    assert [skip.test for skip in unused] == ["a.py::test_gone", "b/*::test_z"]
