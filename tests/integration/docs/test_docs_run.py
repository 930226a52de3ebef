"""The code in the documentation does what the documentation says it does."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

import seatrial
from seatrial.config import load_settings
from tests.integration.docs.documents import PAGES, Block, blocks, files, titled
from tests.support.project import Project

ALL_BLOCKS = [
    pytest.param(block, id=f"{page.name}-{n}") for page in PAGES for n, block in enumerate(blocks(page))
]
LEFTOVER = """
def test_reminders(client):
    assert client.post("/reminders").status_code == 202
"""


def test_the_shop_of_readme_and_guide(project: Project) -> None:
    project.write(files("shop"))
    scope = "asyncio_default_fixture_loop_scope=function"  # without it pytest-asyncio warns of its own future
    project.pytest("-p", "pytest_asyncio.plugin", "-o", scope).expect(passed=15)

    command = shlex.split(titled("run a worker"))
    assert command[:4] == ["seatrial", "run", "--", "python"]
    result = project.run(sys.executable, "-m", "seatrial", "run", "--", sys.executable, *command[4:])
    assert (result.status, result.output) == (0, titled("output of a worker"))


def test_the_desk_with_its_identities_and_fakes(project: Project) -> None:
    project.write({**files("desk"), "test_leftover.py": LEFTOVER})
    result = project.pytest().expect(1, passed=17, failed=1)
    expected = titled("output of a test of /reminders").splitlines()
    assert [line.strip() for line in expected if line.strip() not in result.output] == []


@pytest.mark.parametrize(
    ("name", "passed"), [("ledger", 3), ("tasks", 3), ("stock", 3), ("gate", 7), ("till", 7)]
)
def test_a_common_set_up(project: Project, name: str, passed: int) -> None:
    project.write(files(name))
    project.pytest().expect(passed=passed)


def test_rules_that_turn_a_run_red(project: Project) -> None:
    project.write(files("legacy"))
    result = project.pytest().expect(1, failed=1, error=1, skipped=1)
    assert [line for line in titled("output").splitlines() if line not in result.output] == []


def test_a_leak(project: Project) -> None:
    project.write(files("leaks"))
    result = project.pytest("-p", "no:randomly").expect(1, passed=2, error=1)
    assert [line for line in titled("output of a leak").splitlines() if line not in result.output] == []


@pytest.mark.parametrize("block", ALL_BLOCKS)
def test_a_block_is_what_its_language_says(block: Block, tmp_path: Path) -> None:
    assert block.language in ("python", "sql", "toml", "ini", "sh", "text", "yaml")
    if block.language == "python":
        compile(block.text, block.title, "exec")
    if block.language == "toml" and "seatrial" in tomllib.loads(block.text).get("tool", {}):
        file = tmp_path / "pyproject.toml"
        file.write_text(_completed(block.text), encoding="utf-8")
        assert load_settings(file).root == tmp_path


def test_every_file_belongs_to_a_project_that_is_run() -> None:
    named = {block.project for page in PAGES for block in blocks(page) if block.title}
    assert named == {
        "shop",
        "desk",
        "till",
        "gate",
        "ledger",
        "tasks",
        "legacy",
        "leaks",
        "stock",
        "bank",
        "contract",
    }


def test_links_between_the_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
            name, _, anchor = target.partition("#")
            place = (page.parent / name).resolve() if name else page
            if not place.exists() or (anchor and anchor not in _anchors(place)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_examples_in_docstrings() -> None:
    modules = [
        info.name
        for info in pkgutil.walk_packages(seatrial.__path__, "seatrial.")
        if "__main__" not in info.name
    ]
    assert len(modules) > 50
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner()
    for name in modules:
        for example in finder.find(importlib.import_module(name), name):
            runner.run(example)
    assert runner.failures == 0


def _completed(toml: str) -> str:
    """A fragment may show one table and name what another one declares."""
    if "{database." in toml and "seatrial.database]" not in toml:
        toml += "\n[tool.seatrial.database]\n"
    return toml


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
