"""Coverage contracts: its example is as red as it says, then green; its keys are those of the code."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import fields

from seatrial.contracts import model
from tests.integration.docs.documents import ROOT, blocks, first_cells, section
from tests.support.project import Project

PAGE = ROOT / "docs" / "contracts.md"
PARTS = {"policy": model.Policy, "reports": model.Reports, "execution": model.Execution, "gates": model.Gates}
OF_A_MODULE = {"path": "file", "directory": ""}


def test_the_example(project: Project) -> None:
    found = blocks(PAGE)
    project.write({block.title: block.text for block in found if block.is_file})
    command, judging = (shlex.split(block.text) for block in found if block.language == "sh")
    assert command[0] == "pytest"
    options = ("-p", "pytest_cov.plugin", *command[1:])
    result = project.pytest(*options).expect(1, passed=3)
    (output,) = [block.text for block in found if block.title == "output of a broken contract"]
    assert [line for line in output.splitlines() if line not in result.output.splitlines()] == []

    (completed,) = [block.text for block in found if block.title == "tests/test_stock.py, completed"]
    project.write({"tests/test_stock.py": completed}).pytest(*options).expect(passed=4)
    assert judging[0] == "seatrial"
    again = project.run(sys.executable, "-m", "seatrial", *judging[1:])
    assert again.status == 0, again.output
    assert (project.root / "htmlcov" / "index.html").is_file()


def test_every_key_is_listed_and_no_other() -> None:
    documented = first_cells(section(PAGE, "## The keys"))
    keys = {"version", "excluded", "targets[].directory"}
    keys |= {f"{name}.{field.name}" for name, part in PARTS.items() for field in fields(part)}
    names = [OF_A_MODULE.get(field.name, field.name) for field in fields(model.Module)]
    keys |= {f"targets[].modules[].{name}" for name in names if name}
    assert sorted(documented) == sorted(keys)


def test_every_default_is_the_one_of_the_code() -> None:
    rows = [row.split(" | ") for row in section(PAGE, "## The keys").splitlines() if row.startswith("| `")]
    for row in rows:
        for part, name in re.findall(r"`(reports|execution|gates)\.(\w+)`", row[0]):
            default = getattr(PARTS[part], name)
            assert row[2].strip("`") == (default or ("null" if part == "execution" else "none")), name
