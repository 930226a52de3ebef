"""Real pytest runs of small projects, with the rules as the only plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LOADER = """
import json
from datetime import date
from pathlib import Path

import pytest

from seatrial.config.settings import DeclaredSkip, HonestySettings
from seatrial.plugin import honesty

HERE = Path(__file__).parent

def pytest_addoption(parser):
    parser.addoption("--seatrial-baseline", choices=("create", "shrink"))

@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    values = json.loads((HERE / "honesty_settings.json").read_text())
    skips = tuple(
        DeclaredSkip(test=test, reason="agreed", until=date.fromisoformat(until))
        for test, until in values["skips"]
    )
    plugin = honesty.HonestyPlugin(HonestySettings(adopt=tuple(values["adopt"]), skips=skips), HERE)
    plugin.install(early_config)
    early_config.pluginmanager.register(plugin, "seatrial-honesty")

def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.line("SUMMARY " + config.pluginmanager.get_plugin("seatrial-honesty").summary.line())

@pytest.fixture
def seatrial_thing():
    assert True
    return 7
"""


@dataclass(frozen=True)
class Run:
    """One finished pytest run: what it printed, how it ended, and what its JUnit file says."""

    code: int
    text: str
    outcomes: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return next(line for line in self.text.splitlines() if line.startswith("SUMMARY ")).removeprefix(
            "SUMMARY "
        )


class Project:
    """A folder with tests that can be run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file("honesty_loader.py", LOADER)
        self.settings()

    def settings(self, *, adopt: tuple[str, ...] = (), skips: tuple[tuple[str, str], ...] = ()) -> None:
        (self.root / "honesty_settings.json").write_text(json.dumps({"adopt": adopt, "skips": skips}))

    def file(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    def baseline(self) -> list[dict[str, str]]:
        return json.loads((self.root / "seatrial-baseline.json").read_text())

    def run(self, *arguments: str, python: tuple[str, ...] = ()) -> Run:
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "COV", "PYTHON"))
        }
        env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(self.root), "COLUMNS": "200"}
        command = [sys.executable, *python, "-m", "pytest", "-p", "honesty_loader", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "-rA", "--junitxml=junit.xml", *arguments],
            cwd=self.root,
            env=env,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr, _outcomes(self.root / "junit.xml"))


def _outcomes(junit: Path) -> dict[str, str]:
    if not junit.exists():
        return {}
    # The file itself is about what a machine reads: -x, CI and dashboards see these outcomes.
    cases = ET.parse(junit).getroot().iter("testcase")
    found = {
        f"{case.attrib['classname']}.{case.attrib['name']}": next((child.tag for child in case), "passed")
        for case in cases
    }
    junit.unlink()
    return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
