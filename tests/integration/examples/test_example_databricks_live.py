"""The data application's tests in live mode: unchanged, on a workspace that another process serves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

APP = Path(__file__).parents[3] / "examples" / "databricks_app"
FLOWS = ("lakebase", "unity_catalog", "model_serving")
SELECTED = [f"tests/integration/test_{name}_full_flow.py" for name in FLOWS]
OTHER = """
from tests.workspace import build as whole

def build(databricks):
    whole(databricks)
    {}
"""
WITHOUT_A_ROUTE = """
    from seatrial.fakes.databricks import routes
    routes._SIGNED[:] = [entry for entry in routes._SIGNED if "invocations" not in entry[1].pattern]
"""
# Writes down which requests a workspace of this process was asked for.
SEEN = """
import os
from seatrial.fakes.databricks.fake import DatabricksFake

handler = DatabricksFake.handler

def seen(fake, request):
    with open(os.environ["{0}"], "a") as file:
        file.write(f"{{request.method}} {{request.path}}\\n")
    return handler(fake, request)

DatabricksFake.handler = seen
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
        other = OTHER.format(change) + SEEN.format("SEEN_ELSEWHERE")
        tmp_path.joinpath("other_workspace.py").write_text(other, encoding="utf-8")
        settings = (APP / "pyproject.toml").read_text(encoding="utf-8")
        settings = settings.replace("tests.workspace:build", "other_workspace:build")
        tmp_path.joinpath("pyproject.toml").write_text(settings, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "seatrial", "fake", "databricks"],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(APP), "SEEN_ELSEWHERE": str(tmp_path / "elsewhere")},
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


@pytest.fixture
def watched(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a run whose own fake writes to the file `here` what it was asked for."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    plugins.joinpath("watching.py").write_text(SEEN.format("SEEN_HERE"), encoding="utf-8")
    return {**environment, "PYTHONPATH": str(plugins), "SEEN_HERE": str(tmp_path / "here")}


def workspace(live: dict[str, str]) -> list[Any]:
    """What the people of a workspace find there."""
    found: list[Any] = []
    for profile in ("user-a", "user-b", "app"):
        config: dict[str, Any] = {"profile": profile, "config_file": live["DATABRICKS_CONFIG_FILE"]}
        client = WorkspaceClient(config=Config(**config))
        catalogs = sorted(each.name or "" for each in client.catalogs.list())
        schemas = [(name, each.name) for name in catalogs for each in client.schemas.list(name)]
        found += [
            profile,
            schemas,
            [each.as_dict() for catalog, name in schemas for each in client.tables.list(catalog, name or "")],
            [each.as_dict() for each in client.serving_endpoints.list()],
            [each.as_dict() for each in client.warehouses.list()],
            [each.as_dict() for each in client.database.list_database_instances()],
        ]
    return found


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
        (WITHOUT_A_ROUTE, "test_invoke_a_model"),
    ],
)
def test_what_is_missing_there_turns_tests_red(
    serve: Serve, environment: dict[str, str], change: str, fails: str
) -> None:
    status, output = run({**environment, **serve(change)}, *SELECTED)
    assert status == 1, output
    assert re.search(f"FAILED .*({fails})", output), output


def test_all_calls_go_elsewhere(serve: Serve, watched: dict[str, str], tmp_path: Path) -> None:
    live = serve("pass")
    status, output = run({**watched, **live}, "-p", "watching", SELECTED[1])
    assert status == 0, output
    assert "GET /api/2.1/unity-catalog/catalogs" in tmp_path.joinpath("elsewhere").read_text().splitlines()
    assert not tmp_path.joinpath("here").exists()

    status, output = run(watched, "-p", "watching", SELECTED[1])
    assert status == 0, output
    assert "GET /api/2.1/unity-catalog/catalogs" in tmp_path.joinpath("here").read_text().splitlines()


def test_nothing_remains_there_of_a_run_that_is_killed(
    serve: Serve, environment: dict[str, str], tmp_path: Path
) -> None:
    live = serve("pass")
    before = workspace(live)
    elsewhere = tmp_path / "elsewhere"
    asked = len(elsewhere.read_text().splitlines())
    killed = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *SELECTED],
        cwd=APP,
        # A killed process cannot remove its temporary files: they go with this test's.
        env={**environment, **live, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    )
    while len(elsewhere.read_text().splitlines()) < asked + 20:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    killed.wait()

    assert workspace(live) == before
    status, output = run({**environment, **live}, SELECTED[0])
    assert status == 0, output


def test_what_a_live_run_needs_is_listed(environment: dict[str, str]) -> None:
    status, output = run({**environment, "TEST_MODE": "live"}, *SELECTED)
    assert status != 0
    for name in ("HOST", "CONFIG_FILE", "CLIENT_ID", "CLIENT_SECRET"):
        assert f"DATABRICKS_{name}" in output
