"""The example's suite is what its documents say, and tests written for the set-up before it run unchanged."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

AGENTS = Path(__file__).parents[3] / "examples" / "agents"
SCENARIOS = AGENTS / "tests" / "integration"
OLD_NAMES = {
    "integration_settings",
    "integration_engine",
    "integration_db",
    "integration_app",
    "integration_client",
    "seed_data",
    "client_admin_a_int",
    "client_viewer_a_int",
    "client_admin_b_int",
    "mock_llm_client",
    "make_token",
}
# As a team had it; only where the id comes from was cut from the print.
OLD_TEST = """
import httpx2 as httpx
import pytest


@pytest.mark.integration
async def test_full_chat_flow(
    client_admin_a_int: httpx.AsyncClient,
    seed_data: dict,
    mock_llm_client,
):
    # Create conversation
    create_resp = await client_admin_a_int.post(
        "/api/v1/conversations",
        json={"title": "Integration Test Chat"},
    )
    assert create_resp.status_code == 201
    conv_id = create_resp.json()["id"]

    # Send message
    chat_resp = await client_admin_a_int.post(
        "/api/v1/chat",
        json={"conversation_id": conv_id, "message": "Hello"},
    )
    assert chat_resp.status_code == 200

    # Verify history
    messages_resp = await client_admin_a_int.get(
        f"/api/v1/conversations/{conv_id}/messages"
    )
    assert len(messages_resp.json()) >= 2


@pytest.mark.integration
async def test_the_other_names(
    integration_settings, integration_engine, integration_db, integration_app, integration_client,
    client_viewer_a_int, client_admin_b_int, make_token,
):
    assert integration_app.state.resources.engine is integration_engine
    assert integration_settings.jwt_audience == "enterprise-agents-api"
    from sqlalchemy import text
    assert (await integration_db.execute(text("SELECT count(*) FROM users"))).scalar() == 4
    listed = "/api/v1/admin/users"
    assert (await integration_client.get(listed)).status_code == 401
    assert (await client_viewer_a_int.get(listed)).status_code == 403
    assert [user["external_id"] for user in (await client_admin_b_int.get(listed)).json()] == ["admin-b"]
    token = make_token(
        sub="viewer-a", tenant_id="12345678-1234-5678-1234-567812345678", role="viewer", email="v@example.com"
    )
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await integration_client.get(listed, headers=bearer)).status_code == 403
    assert (await integration_client.get("/api/v1/conversations", headers=bearer)).status_code == 200
"""


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_four_files_have_the_38_scenarios_and_the_readme_counts_them() -> None:
    counted = {
        path.name: sum(function.name.startswith("test_") for function in functions(path))
        for path in SCENARIOS.glob("test_*.py")
    }
    listed = re.findall(r"^\| `(test_\w+\.py)` \| (\d+) \|", (AGENTS / "README.md").read_text(), re.MULTILINE)
    assert {name: int(count) for name, count in listed} == counted
    assert sorted(counted.values()) == [8, 9, 10, 11]


def test_the_conftest_has_the_old_names_of_one_line_each_and_nothing_else() -> None:
    aliases = functions(SCENARIOS / "conftest.py")
    assert {alias.name for alias in aliases} == OLD_NAMES
    assert [len(alias.body) for alias in aliases] == [1] * len(OLD_NAMES)


def test_whoever_scripts_the_model_is_marked() -> None:
    marked, scripting = set(), set()
    for path in (AGENTS / "tests").rglob("test_*.py"):
        everywhere = bool(re.search(r"^pytestmark = .*\bmark\.mock\b", path.read_text(), re.MULTILINE))
        for function in functions(path):
            name = f"{path.name}::{function.name}"
            if {"fakes", "mock_llm_client"} & {argument.arg for argument in function.args.args}:
                scripting.add(name)
            if everywhere or any(ast.unparse(mark) == "pytest.mark.mock" for mark in function.decorator_list):
                marked.add(name)
    assert len(scripting) > 10
    assert scripting <= marked


def test_the_pipelines_run_targets_that_exist_on_an_image_with_pgvector() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (AGENTS / "Makefile").read_text(), re.MULTILINE))
    github = yaml.safe_load((AGENTS / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    gitlab = yaml.safe_load((AGENTS / ".gitlab-ci.yml").read_text())
    commands = [step["run"] for job in github.values() for step in job["steps"] if "run" in step]
    commands += [line for name in ("embedded", "postgres") for line in gitlab[name]["script"]]
    assert len(commands) > 10
    assert {command.removeprefix("make ") for command in commands} <= targets
    images = [github["postgres"]["services"]["postgres"]["image"], gitlab["postgres"]["services"][0]["name"]]
    assert [image.split("/")[0] for image in images] == ["pgvector"] * 2
    urls: list[Any] = [
        github["postgres"]["env"]["TESTING_DATABASE_URL"],
        gitlab["postgres"]["variables"]["TESTING_DATABASE_URL"],
    ]
    assert [url.rpartition("@")[0] for url in urls] == ["postgresql+asyncpg://test:test"] * 2


def test_tests_of_the_set_up_before_run_as_they_are(tmp_path: Path, shared_cache: Path) -> None:
    copy = tmp_path / "agents"
    shutil.copytree(AGENTS, copy, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (copy / "tests" / "integration" / "test_old.py").write_text(OLD_TEST)
    command = "pytest -q -p no:cacheprovider --seatrial-database=sqlite -m integration"
    run = subprocess.run(
        [sys.executable, "-m", *command.split(), "tests/integration/test_old.py"],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "SEATRIAL_CACHE": str(shared_cache)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
