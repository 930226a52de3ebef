from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import seatrial.config
from seatrial.config import (
    DatabaseSettings,
    DeclaredSkip,
    HonestySettings,
    IdentitySettings,
    Schema,
    Settings,
    User,
    load_settings,
)
from seatrial.errors import SettingsError

EVERYTHING = """
app = "agents.main:create_app"
app_args = { config = "testing", workers = 2 }
transport = "socket"
between_tests = ["agents.limits:clear", "agents.cache:Cache.clear"]
allow_hosts = ["db.internal", "10.0.0.7", "fd00::1"]

[env]
DATABASE_URL = "{database.url:async}"
EMPTY = ""
JSON = '{{"a": 1}}'

[database]
engine = "postgres"
provider = "external"
schema = { sql = ["schema.sql", "views.sql"] }
extensions = ["vector", "uuid-ossp"]
stand_ins = ["uuid-ossp"]
seeds = ["tests/seed.sql", "tests.seeds:reference_data"]
app_role = "app"
isolation = "clone"
bin = "/opt/postgres/bin"

[databases.reporting]
engine = "sqlite"
schema = { metadata = "reports.models:Base.metadata" }
isolation = "rollback"

[databases.archive]
provider = "docker"
isolation = "none"

[identities]
scheme = "jwt"
algorithm = "RS256"
audience = "agents"
issuer = "https://issuer.example"
claims = { sub = "{user.external_id}", tenant_id = "{tenant.id}", admin = true }
[identities.tenants]
a = { id = 7 }
[identities.users]
admin_a = { tenant = "a", role = "admin", external_id = "admin-a" }
"léa martin" = { tenant = "a", external_id = "lea" }

[fakes]
openai = {}
http = { base = "x" }

[tests]
integration_flag = true
adopt = ["tests/integration"]
baseline = "tests/baseline.json"
skips = [{ test = "tests/x.py::test_y", reason = "upstream bug 7", until = 2027-03-31 }]
"""


def write(folder: Path, content: str, name: str = "seatrial.toml") -> Path:
    file = folder / name
    file.write_text(content)
    return file


def test_every_key_arrives_with_its_type(tmp_path: Path) -> None:
    file = write(tmp_path, EVERYTHING)
    assert load_settings(file) == Settings(
        root=tmp_path,
        source=file,
        app="agents.main:create_app",
        app_args={"config": "testing", "workers": 2},
        transport="socket",
        between_tests=("agents.limits:clear", "agents.cache:Cache.clear"),
        env={"DATABASE_URL": "{database.url:async}", "EMPTY": "", "JSON": '{{"a": 1}}'},
        allow_hosts=("db.internal", "10.0.0.7", "fd00::1"),
        database=DatabaseSettings(
            engine="postgres",
            provider="external",
            schema=Schema(sql=("schema.sql", "views.sql")),
            extensions=("vector", "uuid-ossp"),
            stand_ins=("uuid-ossp",),
            seeds=("tests/seed.sql", "tests.seeds:reference_data"),
            app_role="app",
            isolation="clone",
            bin="/opt/postgres/bin",
        ),
        databases={
            "reporting": DatabaseSettings(
                engine="sqlite",
                schema=Schema(metadata="reports.models:Base.metadata"),
                isolation="rollback",
            ),
            "archive": DatabaseSettings(provider="docker", isolation="none"),
        },
        identities=IdentitySettings(
            scheme="jwt",
            algorithm="RS256",
            audience="agents",
            issuer="https://issuer.example",
            claims={"sub": "{user.external_id}", "tenant_id": "{tenant.id}", "admin": True},
            tenants={"a": {"id": 7}},
            users={
                "admin_a": User(
                    name="admin_a", tenant="a", role="admin", attributes={"external_id": "admin-a"}
                ),
                "léa martin": User(name="léa martin", tenant="a", attributes={"external_id": "lea"}),
            },
        ),
        fakes={"openai": {}, "http": {"base": "x"}},
        tests=HonestySettings(
            integration_flag=True,
            adopt=("tests/integration",),
            baseline="tests/baseline.json",
            skips=(
                DeclaredSkip(test="tests/x.py::test_y", reason="upstream bug 7", until=date(2027, 3, 31)),
            ),
        ),
    )


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    assert load_settings(file) == Settings(root=tmp_path, source=file)


def test_an_empty_database_table_asks_for_a_database(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "[database]")).database == DatabaseSettings()


def test_pyproject_holds_the_same_keys_below_tool_seatrial(tmp_path: Path) -> None:
    content = '[project]\nname = "x"\n[tool.other]\ny = 1\n[tool.seatrial]\napp = "a.b:c"\n'
    file = write(tmp_path, content, "pyproject.toml")
    settings = load_settings(file)
    assert (settings.app, settings.root, settings.source) == ("a.b:c", tmp_path, file)
    assert settings.key("database", "isolation") == "tool.seatrial.database.isolation"


def test_a_seatrial_toml_has_keys_without_a_prefix(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "")).key("database", "isolation") == "database.isolation"


def test_a_relative_file_gives_an_absolute_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path("seatrial.toml")).root == tmp_path


def test_the_alembic_schema_is_kept_relative(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'database.schema = { alembic = "db/alembic.ini" }'))
    assert settings.database is not None
    assert settings.database.schema == Schema(alembic="db/alembic.ini")


def test_the_repr_shows_no_value_that_may_be_a_secret(tmp_path: Path) -> None:
    settings = load_settings(
        write(tmp_path, 'app_args = { key = "hunter1" }\nenv = { A = "hunter2" }\nfakes.x.key = "hunter3"')
    )
    assert "hunter" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = \n", "line 1"),
        ("app = 'x.y:z'\napp = 'x.y:z'\n", "line 2"),
    ],
)
def test_a_syntax_error_names_the_file_and_the_line(tmp_path: Path, content: str, message: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert caught.value.code == "settings.syntax"
    assert str(file) in caught.value.message
    assert message in caught.value.message


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "seatrial.toml"
    file.write_bytes(b"app = '\xff'")
    with pytest.raises(SettingsError, match=r"seatrial\.toml is not UTF-8 \(byte 7\)") as caught:
        load_settings(file)
    assert caught.value.code == "settings.syntax"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file") as caught:
        load_settings(tmp_path / "seatrial.toml")
    assert caught.value.code == "settings.unreadable"
    assert str(tmp_path / "seatrial.toml") in caught.value.message


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "seatrial.toml").mkdir()
    with pytest.raises(SettingsError, match="Is a directory") as caught:
        load_settings(tmp_path / "seatrial.toml")
    assert caught.value.code == "settings.unreadable"


@pytest.mark.parametrize("content", ["", "[project]", "[tool.other]\na = 1"])
def test_a_pyproject_without_our_table_cannot_be_loaded(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsError, match=r"Expected a table \[tool\.seatrial\]") as caught:
        load_settings(write(tmp_path, content, "pyproject.toml"))
    assert caught.value.code == "settings.no-table"


def test_a_seatrial_toml_nested_like_a_pyproject_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="top level") as caught:
        load_settings(write(tmp_path, "[tool.seatrial.database]"))
    assert caught.value.code == "settings.nested"


def test_every_public_name_can_be_imported() -> None:
    for name in seatrial.config.__all__:
        assert getattr(seatrial.config, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        seatrial.config.nothing  # noqa: B018
