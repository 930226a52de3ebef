"""The page about transactions: its tests pass, and the one that it says fails does, as it says."""

from __future__ import annotations

from tests.integration.docs.documents import ROOT, blocks
from tests.support.project import Project

PAGE = ROOT / "docs" / "transactions.md"


def test_the_bank(project: Project) -> None:
    found = blocks(PAGE)
    project.write({block.title: block.text for block in found if block.is_file})
    (output,) = [block.text for block in found if block.title == "output of a lost update"]
    result = project.pytest().expect(1, passed=4, failed=1)
    assert "test_two_deposits_that_lose_one" in result.output
    assert [line for line in output.splitlines() if line not in result.output] == []
