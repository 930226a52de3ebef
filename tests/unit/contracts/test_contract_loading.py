"""The contract's file: what it says, and the error for whatever is wrong in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.contracts import Contract, load_contract
from seatrial.errors import ContractError
from tests.support.contracts import TARGETS

MODULE = """\
      - file: stock.py
        edge_cases: [more than there is]
        test_files: [tests/test_stock.py]
"""
SAME_DIRECTORY = """\
  - directory: server/routers/
    modules: [{file: x.py, edge_cases: [x], test_files: [x]}]
"""
MORE = """\
reports:
  terminal: missing-lines
  html: build/html
  xml: coverage.xml
execution:
  suite_seconds: 300
  test_seconds: null
gates:
  coverage: warning
  duration: blocking
"""


def loaded(root: Path, text: str | bytes) -> Contract:
    file = root / "coverage-targets.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_contract(file, root=root)


def test_everything_it_says(tmp_path: Path) -> None:
    contract = loaded(tmp_path, TARGETS + MORE)
    assert contract.name == "coverage-targets.yaml"
    assert (contract.policy.minimum_line, contract.policy.minimum_branch, contract.policy.fail_under) == (
        90,
        90,
        90,
    )
    prices, stock = contract.modules
    assert (prices.path, prices.directory) == ("server/routers/prices.py", "server/routers")
    assert (prices.critical_paths, prices.edge_cases) == (("members pay less",), ())
    assert (stock.edge_cases, stock.test_files) == (("more than there is",), ("tests/test_stock.py",))
    assert contract.test_files == ("tests/test_prices.py", "tests/test_stock.py")
    assert contract.excludes(contract.root / "server/lib/helpers.py")
    assert not contract.excludes(contract.root / "server/library.py")
    assert (contract.reports.terminal, contract.reports.html) == ("missing-lines", "build/html")
    assert (contract.execution.suite_seconds, contract.execution.test_seconds) == (300, None)
    assert (contract.gates.coverage, contract.gates.no_failure_no_skip) == ("warning", "blocking")
    assert contract.gates.duration == "blocking"


def test_what_it_need_not_say(tmp_path: Path) -> None:
    contract = loaded(tmp_path, TARGETS)
    assert (contract.gates.coverage, contract.gates.no_failure_no_skip) == ("blocking", "blocking")
    assert contract.gates.duration == "warning"
    assert (contract.reports.html, contract.reports.xml, contract.execution.suite_seconds) == (None,) * 3


WRONG = {
    "an unknown key": ("fail_under: 90", "fail_undr: 90", "unknown-key", 5, "policy.fail_undr", "fail_under"),
    "a key too few": ("  fail_under: 90\n", "", "missing-key", 2, "fail_under is required", "Add fail_under"),
    "percent in quotes": (
        "minimum_line: 90",
        'minimum_line: "90%"',
        "wrong-type",
        3,
        "policy.minimum_line: expected a number of percent, without quotes and without %, found '90%'",
        "Give a number",
    ),
    "more than all": ("minimum_line: 90", "minimum_line: 120", "bad-value", 3, "found 120", "such as 90"),
    "nothing": ("minimum_branch: 90", "minimum_branch: 0", "bad-value", 4, "more than 0", "such as 90"),
    "no number": ("minimum_branch: 90", "minimum_branch: .nan", "bad-value", 4, "found nan", "such as 90"),
    "a boolean": ("minimum_branch: 90", "minimum_branch: yes", "wrong-type", 4, "found True", "Give"),
    "a module twice": (
        MODULE,
        MODULE + MODULE.replace("stock.py", "./prices.py", 1),
        "duplicate",
        15,
        "server/routers/prices.py stands in line 9 already",
        "Keep one",
    ),
    "a directory twice": (
        "excluded:",
        SAME_DIRECTORY + "excluded:",
        "duplicate",
        15,
        "stands in line 7 already",
        "Keep one",
    ),
    "a key twice": (
        "  fail_under: 90",
        "  minimum_line: 1",
        "duplicate",
        5,
        "policy.minimum_line: the key stands in line 3 already",
        "Keep one",
    ),
    "a way out": ("server/routers", "../routers", "outside", 7, "found '../routers'", "without `..`"),
    "an absolute path": ("server/lib", "/server/lib", "outside", 16, "excluded[0]", "without `..`"),
    "a module elsewhere": ("stock.py", "../lib/x.py", "outside", 12, "below server/routers", "`..`"),
    "no test file": (
        "        test_files: [tests/test_stock.py]\n",
        "",
        "missing-key",
        12,
        "test_files",
        "Add",
    ),
    "nothing that matters": (
        "        edge_cases: [more than there is]\n",
        "",
        "missing-key",
        12,
        "expected one of critical_paths, edge_cases, critical_operations",
        "Say in a line",
    ),
    "an empty list": ("[tests/test_stock.py]", "[]", "empty", 14, "an empty list", "Add an entry"),
    "an empty text": ("[more than there is]", "['  ']", "empty", 13, "edge_cases[0]", "Write it"),
    "a text for a list": (
        "[more than there is]",
        "more than there is",
        "wrong-type",
        13,
        "expected a list (lines that begin with `- `), found 'more than there is'",
        "Give",
    ),
    "both": ("server/lib", "server/routers/stock.py", "contradiction", 12, "excluded too", "Remove one"),
    "another version": ("version: 1", "version: 2", "bad-value", 1, "expected 1, found 2", "version: 1"),
    "a gate": ("version: 1", "version: 1\ngates: {coverage: block}", "bad-value", 2, "'block'", "'blocking'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake(tmp_path: Path, what: str) -> None:
    old, new, code, line, message, remedy = WRONG[what]
    assert old in TARGETS
    with pytest.raises(ContractError) as error:
        loaded(tmp_path, TARGETS.replace(old, new, 1))
    assert error.value.code == f"contracts.{code}"
    assert error.value.message.startswith(f"coverage-targets.yaml:{line}: ")
    assert message in error.value.message
    assert remedy in error.value.remedy


NO_YAML = {
    "nothing": (b"", "is empty", "docs/contracts.md"),
    "a tab": (b"version: 1\npolicy:\n\tminimum_line: 90\n", ":3 is indented with a tab", "spaces"),
    "a bracket": (b"version: 1\ntargets: [\n", ":3 is not valid YAML", "one before"),
    "two documents": (b"version: 1\n---\nversion: 1\n", ":2 is not valid YAML", "one before"),
    "another encoding": ("version: 1 # \xe4".encode("latin-1"), "is not UTF-8 (byte 13)", "UTF-8"),
    "control characters": (b"version: \x00", "is not valid YAML", "Correct it"),
    "no end": (b"&a [*a]", "nested without an end", "alias"),
}


@pytest.mark.parametrize("what", NO_YAML)
def test_no_yaml(tmp_path: Path, what: str) -> None:
    text, message, remedy = NO_YAML[what]
    with pytest.raises(ContractError) as error:
        loaded(tmp_path, text)
    assert error.value.code == "contracts.syntax"
    assert message in error.value.message
    assert remedy in error.value.remedy


def test_a_list_is_no_contract(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"yaml:1: expected a mapping \(`name: value`\), found a list"):
        loaded(tmp_path, "- version: 1\n")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"at contracts/x.yaml: No such file.*\[contracts.unreadable\]"):
        load_contract(tmp_path / "contracts/x.yaml", root=tmp_path)


def test_a_link_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "server").symlink_to(tmp_path / "outside")
    with pytest.raises(ContractError, match=r"\[contracts.outside\]"):
        loaded(tmp_path / "project", TARGETS)


def test_without_pyyaml(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(TARGETS)
    # What a missing package looks like to an import, in a process of its own.
    program = (
        "import sys; sys.modules['yaml'] = None\n"
        "from pathlib import Path\n"
        "from seatrial.contracts import load_contract\n"
        "load_contract(Path('c.yaml'), root=Path())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert "[contracts.extra]" in result.stderr
    assert 'pip install "seatrial[contracts]"' in result.stderr
