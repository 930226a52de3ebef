"""The page about Databricks' SQL: its example runs, and it lists the functions that are served."""

from __future__ import annotations

import re

from seatrial.fakes.databricks.sql.calls import _BY_TYPE
from seatrial.fakes.databricks.sql.functions import FUNCTIONS
from tests.integration.docs.documents import ROOT, blocks, section

PAGE = ROOT / "docs" / "databricks_sql.md"


def test_the_example() -> None:
    (example,) = blocks(PAGE)
    names: dict[str, object] = {}
    exec(compile(example.text, PAGE.name, "exec"), names)
    assert str(names["result"]).count("BOB") == 1


def test_every_function_is_listed_and_no_other() -> None:
    listed = re.findall(r"`(\w+)`", section(PAGE, "## Functions"))
    served = {*FUNCTIONS, *(name for name in _BY_TYPE if not name.startswith(" "))}
    assert sorted(set(listed)) == sorted(served)
