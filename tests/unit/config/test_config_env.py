from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seatrial.config import DatabaseAddress, PlaceholderValues, Settings, load_settings, render_env
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

MAIN = DatabaseAddress(host="127.0.0.1", port=5433, user="app", password="p@ss/word", name="seatrial_0")
REPORTS = DatabaseAddress(host="127.0.0.1", port=5434, user="r", password="x", name="reports")
VALUES = PlaceholderValues(
    database=lambda: MAIN,
    databases={"reports": lambda: REPORTS},
    secret=lambda: "s3cret",
    public_key=lambda: "-----BEGIN PUBLIC KEY-----\n",
    fakes=lambda name, part: f"http://127.0.0.1:9/{name}" if part == "url" else part,
)
TABLES = """
[tool.seatrial.database]
[tool.seatrial.databases.reports]
[tool.seatrial.identities]
audience = "agents"
issuer = "https://issuer.example"
[tool.seatrial.fakes]
openai = {}
"""


def settings(folder: Path, value: str, tables: str = TABLES) -> Settings:
    """Load settings whose one variable X has `value`."""
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.seatrial.env]\nX = '''{value}'''\n{tables}")
    return load_settings(file)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain text", "plain text"),
        ("", ""),
        ("{database.url}", "postgresql://app:p%40ss%2Fword@127.0.0.1:5433/seatrial_0"),
        (
            "{database.url:async}?timeout=5",
            "postgresql+asyncpg://app:p%40ss%2Fword@127.0.0.1:5433/seatrial_0?timeout=5",
        ),
        ("{database.url:sync}", "postgresql+psycopg://app:p%40ss%2Fword@127.0.0.1:5433/seatrial_0"),
        (
            "{database.url:postgresql+psycopg2}",
            "postgresql+psycopg2://app:p%40ss%2Fword@127.0.0.1:5433/seatrial_0",
        ),
        ("{database.host}:{database.port}", "127.0.0.1:5433"),
        ("{ database.user } {database.password} {database.name}", "app p@ss/word seatrial_0"),
        ("{databases.reports.url}", "postgresql://r:x@127.0.0.1:5434/reports"),
        ("{databases.reports.port}", "5434"),
        ("{identities.secret}", "s3cret"),
        ("{identities.audience} {identities.issuer}", "agents https://issuer.example"),
        ("{fakes.openai.url}/v1", "http://127.0.0.1:9/openai/v1"),
        ("{fakes.openai.host}:{fakes.openai.port} {fakes.ca_file}", "host:port ca_file"),
        ('{{"url": "{database.name}", "deep": {{"a": {{}}}}}}', '{"url": "seatrial_0", "deep": {"a": {}}}'),
        ("{{database.url}}", "{database.url}"),
        ("{{{database.name}}}", "{seatrial_0}"),
    ],
)
def test_placeholders_and_braces(tmp_path: Path, template: str, value: str) -> None:
    assert render_env(settings(tmp_path, template), VALUES) == {"X": value}


def test_the_public_key_belongs_to_rs256(tmp_path: Path) -> None:
    tables = "[tool.seatrial.identities]\nalgorithm = 'RS256'"
    rendered = render_env(settings(tmp_path, "{identities.public_key}", tables), VALUES)
    assert rendered == {"X": "-----BEGIN PUBLIC KEY-----\n"}


def test_only_values_that_are_used_are_computed(tmp_path: Path) -> None:
    computed: list[str] = []

    def address(name: str) -> DatabaseAddress:
        computed.append(name)
        return MAIN

    def text(name: str) -> str:
        computed.append(name)
        return "text"

    values = PlaceholderValues(
        database=lambda: address("database"),
        databases={"reports": lambda: address("reports")},
        secret=lambda: text("secret"),
        public_key=lambda: text("public_key"),
        fakes=lambda name, _part: text(name),
    )
    assert render_env(settings(tmp_path, "nothing"), values) == {"X": "nothing"}
    assert computed == []
    render_env(settings(tmp_path, "{fakes.openai.url} {databases.reports.name}"), values)
    assert computed == ["openai", "reports"]


def refusal(folder: Path, template: str, tables: str = TABLES) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        settings(folder, template, tables)
    assert caught.value.message.startswith(f"tool.seatrial.env.X in {folder / 'pyproject.toml'}: ")
    return caught.value


@pytest.mark.parametrize(
    ("template", "near"),
    [
        ("{database.ulr}", "database.url"),
        ("{databse.url}", "database.url"),
        ("{databases.report.url}", "databases.reports.url"),
        ("{identities.secrets}", "identities.secret"),
        ("{fakes.open_ai.url}", "fakes.openai.url"),
        ("{database}", "database.url"),
        ("{identities.public_key}", "identities.secret"),
        ("{database.ulr:async}", "database.url"),
    ],
)
def test_an_unknown_placeholder_is_refused_when_the_settings_load(
    tmp_path: Path, template: str, near: str
) -> None:
    error = refusal(tmp_path, f"before {template}")
    assert error.code == "settings.placeholder"
    assert template in error.message
    assert near in error.remedy


@pytest.mark.parametrize(
    "template",
    ["{database.url}", "{fakes.openai.url}", "{identities.audience}", "{identities.issuer}"],
)
def test_a_placeholder_for_something_undeclared_is_refused(tmp_path: Path, template: str) -> None:
    error = refusal(tmp_path, template, "")
    assert error.code == "settings.placeholder"
    assert "needs a table that is not declared" in error.message
    assert "identities.secret" in error.remedy or "Did you mean" in error.remedy


@pytest.mark.parametrize(
    "template",
    [
        '{"a": 1}',
        '{"a": {"b": 1}}',
        "{",
        "}",
        "{}",
        "{ }",
        "a}b",
        "{{database.url}",
        "{database.url}}",
        "{1}",
    ],
)
def test_braces_that_are_no_placeholder_are_refused_with_the_fix(tmp_path: Path, template: str) -> None:
    error = refusal(tmp_path, template)
    assert error.code == "settings.braces"
    assert "Double every brace" in error.remedy
    assert "{{" in error.remedy


def test_a_refused_value_is_not_shown(tmp_path: Path) -> None:
    assert "hunter2" not in str(refusal(tmp_path, '{"password": "hunter2"}'))


@pytest.mark.parametrize("template", ["{database.port:async}", "{fakes.openai.url:async}"])
def test_only_a_database_url_has_a_style(tmp_path: Path, template: str) -> None:
    error = refusal(tmp_path, template)
    assert error.code == "settings.placeholder"
    assert error.remedy == f"Write {template.replace(':async', '')}."


@pytest.mark.parametrize("style", ["asyncc", "psycopg", "mysql+pymysql", "sqlite"])
def test_an_unknown_style_is_refused(tmp_path: Path, style: str) -> None:
    error = refusal(tmp_path, f"{{database.url:{style}}}")
    assert error.code == "settings.url-style"
    assert repr(style) in error.message
    assert ":postgresql+psycopg" in error.remedy


def test_the_style_of_a_further_database_follows_its_engine(tmp_path: Path) -> None:
    tables = "[tool.seatrial.databases.light]\nengine = 'sqlite'"
    refusal(tmp_path, "{databases.light.url:postgresql}", tables)
    light = DatabaseAddress(engine="sqlite", path="/tmp/light.db")
    rendered = render_env(
        settings(tmp_path, "{databases.light.url:sqlite+aiosqlite}", tables),
        PlaceholderValues(databases={"light": lambda: light}),
    )
    assert rendered == {"X": "sqlite+aiosqlite:////tmp/light.db"}


@pytest.mark.parametrize(
    "template",
    ["{database.url}", "{databases.reports.url}", "{identities.secret}", "{fakes.openai.url}"],
)
def test_a_value_that_the_run_does_not_have_is_an_error_that_names_the_key(
    tmp_path: Path, template: str
) -> None:
    loaded = settings(tmp_path, template)
    with pytest.raises(SettingsError, match=r"tool\.seatrial\.env\.X in .*has no value in this run"):
        render_env(loaded, PlaceholderValues())


def test_a_missing_driver_is_an_error_that_names_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatrial.config.address.find_spec", lambda _: None)
    tables = "[tool.seatrial.databases.light]\nengine = 'sqlite'"
    loaded = settings(tmp_path, "{databases.light.url:async}", tables)
    light = DatabaseAddress(engine="sqlite", path="/tmp/light.db")
    with pytest.raises(SettingsError, match=r"tool\.seatrial\.env\.X in .*aiosqlite") as caught:
        render_env(loaded, PlaceholderValues(databases={"light": lambda: light}))
    assert caught.value.code == "settings.no-driver"


@pytest.mark.parametrize("part", ["host", "port", "user", "password"])
def test_a_file_has_no_host(tmp_path: Path, part: str) -> None:
    tables = "[tool.seatrial.databases.light]\nengine = 'sqlite'"
    error = refusal(tmp_path, f"{{databases.light.{part}}}", tables)
    assert error.code == "settings.placeholder"
    assert error.message.endswith("has no value on SQLite: its database is a file.")
    assert "{databases.light.url}" in error.remedy


def test_the_name_of_a_file_is_its_path(tmp_path: Path) -> None:
    tables = "[tool.seatrial.databases.light]\nengine = 'sqlite'"
    light = DatabaseAddress(engine="sqlite", path="/tmp/light.db", name="/tmp/light.db")
    loaded = settings(tmp_path, "{databases.light.name}", tables)
    assert render_env(loaded, PlaceholderValues(databases={"light": lambda: light})) == {"X": "/tmp/light.db"}


def test_settings_built_by_hand_are_checked_when_rendered(tmp_path: Path) -> None:
    by_hand = Settings(root=tmp_path, source=tmp_path / "seatrial.toml", env={"A": "{x.y}"})
    with pytest.raises(SettingsError, match=r"^env\.A in .*seatrial\.toml: \{x\.y\} is unknown"):
        render_env(by_hand, PlaceholderValues())
