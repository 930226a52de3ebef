"""The fake in the settings of a project: people, placeholders, what fills it, alone in a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

from seatrial.errors import FakeError, SettingsError
from seatrial.fakes import Fakes
from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "service:app"
[tool.seatrial.env]
DATABRICKS_HOST = "{fakes.databricks.url}"
DATABRICKS_CONFIG_FILE = "{fakes.databricks.config_file}"
DATABRICKS_CLIENT_ID = "{fakes.databricks.client_ids.app}"
DATABRICKS_CLIENT_SECRET = "{fakes.databricks.client_secrets.app}"
TOKEN_OF_A = "{fakes.databricks.tokens.user-a}"
[tool.seatrial.fakes.databricks]
workspace = "filling:build"
[tool.seatrial.fakes.databricks.users]
user-a = { email = "a@example.com" }
user-b = {}
[tool.seatrial.fakes.databricks.service_principals]
app = {}
"""
FILLING = """
def build(databricks):
    sales = databricks.catalog("main").schema("sales")
    sales.table("orders", columns={"id": "BIGINT"})
    databricks.grant_read("a@example.com", "main.sales.orders")
"""
SERVICE = """
import anyio
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from fastapi import FastAPI, Header

app = FastAPI()

@app.get("/catalogs")
def catalogs(x_forwarded_access_token: str = Header()):
    # Variables of the service principal are there, too: on behalf of a user it has to be said how.
    config = Config(token=x_forwarded_access_token, auth_type="pat", retry_timeout_seconds=5)
    return [one.name for one in WorkspaceClient(config=config).catalogs.list()]

@app.get("/itself")
def itself():
    return WorkspaceClient(config=Config(auth_type="oauth-m2m")).current_user.me().user_name
"""
TESTS = """
import os
import pytest

def test_on_behalf_of(client, fakes):
    told = client.get("/catalogs", headers={"X-Forwarded-Access-Token": os.environ["TOKEN_OF_A"]})
    assert told.json() == ["main"]
    other = fakes.databricks.users["user-b"].token
    assert client.get("/catalogs", headers={"X-Forwarded-Access-Token": other}).json() == []
    assert client.get("/itself").json() == os.environ["DATABRICKS_CLIENT_ID"]

@pytest.mark.parametrize("turn", range(2))
def test_what_a_test_changes_is_put_back(client, fakes, turn):
    headers = {"X-Forwarded-Access-Token": fakes.databricks.users["user-a"].token}
    assert client.get("/catalogs", headers=headers).json() == ["main"]
    fakes.databricks.revoke("a@example.com", "USE_CATALOG", on="main")
    fakes.databricks.catalog("other")
    assert client.get("/catalogs", headers=headers).json() == []
"""


def write(project: Project, settings: str = PYPROJECT) -> Project:
    return project.write(
        {"pyproject.toml": settings, "filling.py": FILLING, "service.py": SERVICE, "test_service.py": TESTS}
    )


def test_an_application_on_behalf_of_its_users(project: Project) -> None:
    write(project).pytest("-p", "no:randomly").expect(passed=3)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("X = '{fakes.databricks.tokens.nobody}'", "fakes.databricks.tokens.nobody"),
        ("X = '{fakes.databricks.client_ids.user-a}'", "fakes.databricks.client_ids.user-a"),
        ("X = '{fakes.databricks.lakebase.port}'", "fakes.databricks.lakebase.port"),
    ],
)
def test_placeholders_that_have_no_value(project: Project, line: str, says: str) -> None:
    settings = PYPROJECT.replace("[tool.seatrial.env]", f"[tool.seatrial.env]\n{line}")
    result = write(project, settings).pytest()
    assert result.status != 0
    assert says in result.output


def test_alone_in_a_process(project: Project) -> None:
    write(project)
    process = project.start(sys.executable, "-m", "seatrial", "fake", "databricks")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        name, _, file = process.stdout.readline().strip().partition("=")
        assert name == "DATABRICKS_CONFIG_FILE"
        client = WorkspaceClient(config=Config(config_file=file, profile="user-a"))
        assert client.config.host == url
        assert [one.full_name for one in client.tables.list("main", "sales")] == ["main.sales.orders"]
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert not Path(file).exists()


def test_without_any_settings_somebody_can_sign_in(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "seatrial", "fake", "databricks"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            file = process.stdout.readline().strip().partition("=")[2]
            me = WorkspaceClient(config=Config(config_file=file)).current_user.me()
            assert me.user_name == "me@example.com"
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"user": {}}, "found user"),
        ({"workspace": "no function"}, "workspace as 'module:function'"),
        ({"workspace_id": "x"}, "workspace_id"),
        ({"workspace_id": 0}, "workspace_id"),
        ({"users": {"a": {"mail": "x"}}}, "'mail'"),
        ({"users": {"a": "x@example.com"}}, "users.a"),
        ({"users": {"a": {"admin": "yes"}}}, "'admin'"),
        ({"service_principals": {"app": {"secret": "s"}}}, "'secret'"),
    ],
)
def test_options_that_are_wrong(options: dict[str, object], says: str) -> None:
    with pytest.raises((FakeError, SettingsError)) as refused:
        Fakes({"databricks": options})
    assert says in str(refused.value)


def test_a_function_that_is_told_something_impossible(tmp_path: Path) -> None:
    tmp_path.joinpath("impossible_workspace.py").write_text(
        "def build(databricks):\n    databricks.grant('nobody', 'SELECT', on='main.a.b')\n", encoding="utf-8"
    )
    fakes = Fakes({"databricks": {"workspace": "impossible_workspace:build"}}, root=tmp_path)
    try:
        with pytest.raises(FakeError, match=r"'main\.a\.b'"):
            fakes.start()
    finally:
        fakes.stop()
        sys.modules.pop("impossible_workspace", None)
        sys.path.remove(str(tmp_path))
