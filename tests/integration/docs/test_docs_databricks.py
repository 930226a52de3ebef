"""The page about the workspace: its suite runs, its table of routes is that of the fake."""

from __future__ import annotations

from seatrial.fakes.databricks.routes import OPEN, ROUTES
from tests.integration.docs.documents import ROOT, blocks, first_cells, section
from tests.support.project import Project

PAGE = ROOT / "docs" / "databricks.md"


def test_the_suite(project: Project) -> None:
    project.write({block.title: block.text for block in blocks(PAGE) if block.is_file})
    project.pytest().expect(passed=3)


def test_every_route_is_listed_and_no_other() -> None:
    listed = first_cells(section(PAGE, "## What is served"))
    assert sorted(listed) == sorted(f"{method} {path}" for method, path in (*OPEN, *ROUTES))
