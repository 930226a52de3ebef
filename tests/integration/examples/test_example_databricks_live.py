"""The data application's tests in live mode: unchanged, on a workspace that another process serves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

APP = Path(__file__).parents[3] / "examples" / "databricks_app"
FLOWS = ("lakebase", "unity_catalog", "model_serving")
SELECTED = [f"tests/integration/test_{name}_full_flow.py" for name in FLOWS]
OTHER = """
from tests.workspace import build as whole

def build(databricks):
    whole(databricks)
    {}
"""

pytestmark = pytest.mark.timeout(300)
Serve = Callable[[str], dict[str, str]]


@pytest.fixture
def environment(shared_cache: Path) -> dict[str, str]:
    ours = ("SEATRIAL_", "PG", "PYTEST_", "COV_", "DATABRICKS_", "TEST_MODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "SEATRIAL_CACHE": str(shared_cache), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def serve(tmp_path: Path, environment: dict[str, str]) -> Iterator[Serve]:
    """Serve the workspace of the tests with something changed; what a live run needs to know of it."""
    started: list[subprocess.Popen[str]] = []

    def start(change: str) -> dict[str, str]:
        tmp_path.joinpath("other_workspace.py").write_text(OTHER.format(change), encoding="utf-8")
        settings = (APP / "pyproject.toml").read_text(encoding="utf-8")
        settings = settings.replace("tests.workspace:build", "other_workspace:build")
        tmp_path.joinpath("pyproject.toml").write_text(settings, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "seatrial", "fake", "databricks"],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(APP)},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        file = process.stdout.readline().strip().partition("=")[2]
        profiles = ConfigParser(interpolation=None)
        profiles.read(file)
        app = profiles["app"]
        return {
            "DATABRICKS_HOST": url,
            "DATABRICKS_CONFIG_FILE": file,
            "DATABRICKS_CLIENT_ID": app["client_id"],
            "DATABRICKS_CLIENT_SECRET": app["client_secret"],
            "TEST_MODE": "live",
        }

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=30)


def run(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *arguments],
        cwd=APP,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_same_tests_on_a_workspace_elsewhere(serve: Serve, environment: dict[str, str]) -> None:
    live = serve("pass")
    status, output = run({**environment, **live}, *SELECTED)
    assert status == 0, output
    assert f"live for databricks -> {live['DATABRICKS_HOST']}" in output
    # One is for the fake only, and counted: a real model cannot be told to take too long.
    assert "26 passed, 1 deselected" in output


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ("databricks.drop('samples.tpch.nation')", "test_list_tables_with_metadata|test_query"),
        ("databricks.endpoints['custom-classifier'].become(ready=False)", "test_invoke_a_model"),
    ],
)
def test_what_is_missing_there_turns_tests_red(
    serve: Serve, environment: dict[str, str], change: str, fails: str
) -> None:
    status, output = run({**environment, **serve(change)}, *SELECTED)
    assert status == 1, output
    assert re.search(f"FAILED .*({fails})", output), output


def test_what_a_live_run_needs_is_listed(environment: dict[str, str]) -> None:
    status, output = run({**environment, "TEST_MODE": "live"}, *SELECTED)
    assert status != 0
    for name in ("HOST", "CONFIG_FILE", "CLIENT_ID", "CLIENT_SECRET"):
        assert f"DATABRICKS_{name}" in output
