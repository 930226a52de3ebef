"""Checks are found by their names, alone or in groups, and the documentation lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seatrial.checks import all_checks, select
from seatrial.errors import CheckError

PAGE = Path(__file__).parents[3] / "docs" / "checks.md"


def test_every_check_is_documented_and_says_what_it_looks_at() -> None:
    documented = re.findall(r"^\| `(\w+\.\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert documented == [check.name for check in all_checks()]
    assert [check.name for check in all_checks() if not re.fullmatch(r"[A-Z`].*[.:]", check.summary)] == []


def test_a_group_and_one_of_it_is_each_check_once() -> None:
    group = select(["schema"])
    assert [check.name for check in select(["schema.timestamps", "schema"])] == [
        "schema.timestamps",
        *(check.name for check in group if check.name != "schema.timestamps"),
    ]


def test_what_is_asked_for_by_name_must_apply() -> None:
    assert {check.must_apply for check in select(["database"])} == {False}
    assert {check.must_apply for check in select(["rls"])} == {True}
    by_both = {check.name: check.must_apply for check in select(["rls.role", "database"])}
    assert by_both["rls.role"]
    assert not by_both["rls.tables"]
    assert {check.name: check.must_apply for check in select(["database", "rls.role"])} == by_both


def test_a_name_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(CheckError, match=r"Did you mean 'migrations\.stairway'") as refused:
        select(["migrations.stairways"])
    assert refused.value.code == "checks.unknown"
