"""A small project with a coverage contract, and its programs run under coverage in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from seatrial.contracts import Contract, Judgement, SuiteRun, judge, load_contract, measure, open_data

PRICES = """\
def price(amount, member):
    if member:
        amount = amount * 0.9
    return round(amount, 2)
"""
STOCK = """\
def take(stock, wanted):
    if wanted > stock:
        raise ValueError("too few")
    return stock - wanted


def show(stock):  # pragma: no cover
    print(stock)
"""
TARGETS = """\
version: 1
policy:
  minimum_line: 90
  minimum_branch: 90
  fail_under: 90
targets:
  - directory: server/routers
    modules:
      - file: prices.py
        critical_paths: [members pay less]
        test_files: [tests/test_prices.py]
      - file: stock.py
        edge_cases: [more than there is]
        test_files: [tests/test_stock.py]
excluded:
  - server/lib
"""
BOTH_WAYS = """\
from server.routers import prices, stock
prices.price(10, True), prices.price(10, False), stock.take(3, 1)
try:
    stock.take(1, 2)
except ValueError:
    pass
"""
FILES = {
    "server/routers/prices.py": PRICES,
    "server/routers/stock.py": STOCK,
    "server/lib/helpers.py": "HELP = 1\n",
    "tests/test_prices.py": "",
    "tests/test_stock.py": "",
    "contracts/coverage-targets.yaml": TARGETS,
}


@dataclass
class Measured:
    """A project on disk."""

    root: Path

    def write(self, files: dict[str, str]) -> Measured:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def run(self, program: str = BOTH_WAYS, *options: str) -> Measured:
        """Run a program under coverage, with branches unless other options are given."""
        options = options or ("--branch",)
        (self.root / "program.py").write_text(program, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST_"))}
        subprocess.run(
            [sys.executable, "-m", "coverage", "run", *options, "--source=server", "program.py"],
            cwd=self.root,
            env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "."},
            check=True,
            capture_output=True,
            timeout=60,
        )
        return self

    @property
    def contract(self) -> Contract:
        return load_contract(self.root / "contracts/coverage-targets.yaml", root=self.root)

    def judged(self, suite: SuiteRun | None = None) -> Judgement:
        data = open_data(self.root / ".coverage", folder=self.root)
        return judge(self.contract, measure(data, folder=self.root), suite=suite)


def measured_project(root: Path) -> Measured:
    """The project below `root`."""
    return Measured(root).write(FILES)
