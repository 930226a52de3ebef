from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seatrial.config import load_settings
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def refusal(folder: Path, content: str) -> SettingsError:
    """Load `content` as the table [tool.seatrial] and return the error."""
    file = folder / "pyproject.toml"
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert str(file) in caught.value.message
    return caught.value


UNKNOWN = [
    ("tool.seatrial.ap = 'a:b'", "tool.seatrial.ap", "'app'"),
    ("tool.seatrial.DataBase = {}", "tool.seatrial.DataBase", "'database'"),
    ("tool.seatrial.database.isolaton = 'reset'", "tool.seatrial.database.isolaton", "'isolation'"),
    ("tool.seatrial.databases.x.engin = 'sqlite'", "tool.seatrial.databases.x.engin", "'engine'"),
    ("tool.seatrial.database.schema.almbic = 'x'", "tool.seatrial.database.schema.almbic", "'alembic'"),
    ("tool.seatrial.identities.user = {}", "tool.seatrial.identities.user", "'users'"),
    ("tool.seatrial.tests.skip = []", "tool.seatrial.tests.skip", "'skips'"),
    ("tool.seatrial.checks.pool.waits = 1", "tool.seatrial.checks.pool.waits", "'wait'"),
    (
        "tool.seatrial.tests.skips = [{test='a', reason='b', untill=2027-01-01}]",
        "tool.seatrial.tests.skips[0].untill",
        "'until'",
    ),
]


@pytest.mark.parametrize(("content", "key", "near"), UNKNOWN, ids=[key for _, key, _ in UNKNOWN])
def test_an_unknown_key_is_refused_with_the_nearest(
    tmp_path: Path, content: str, key: str, near: str
) -> None:
    error = refusal(tmp_path, content)
    assert error.code == "settings.unknown-key"
    assert error.message.startswith(f"{key} in ")
    assert f"Did you mean {near}?" in error.remedy


def test_an_unknown_key_like_nothing_gets_the_list_alone(tmp_path: Path) -> None:
    error = refusal(tmp_path, "tool.seatrial.zzzzqqq = 1")
    assert "Did you mean" not in error.remedy
    valid = "Valid: allow_hosts, app, app_args, audit, between_tests, checks, contracts, database, "
    assert valid in error.remedy


WRONG_TYPE = [
    ("tool.seatrial = 1", "tool.seatrial", "expected a table, found an integer"),
    ("tool = 1", "tool", "expected a table, found an integer"),
    ("tool.seatrial.app = 1", "tool.seatrial.app", "expected a string, found an integer"),
    ("tool.seatrial.app_args = []", "tool.seatrial.app_args", "expected a table, found a list"),
    ("tool.seatrial.transport = true", "tool.seatrial.transport", "expected a string, found a boolean"),
    ("tool.seatrial.between_tests = 'a:b'", "tool.seatrial.between_tests", "found a string"),
    ("tool.seatrial.between_tests = {}", "tool.seatrial.between_tests", "found a table"),
    ("tool.seatrial.between_tests = ['a:b', 1.5]", "tool.seatrial.between_tests[1]", "found a float"),
    ("tool.seatrial.allow_hosts = ['']", "tool.seatrial.allow_hosts[0]", "found an empty string"),
    ("tool.seatrial.env = 'x'", "tool.seatrial.env", "expected a table"),
    ("tool.seatrial.database = 'x'", "tool.seatrial.database", "expected a table"),
    ("tool.seatrial.database.schema = 'alembic.ini'", "tool.seatrial.database.schema", "expected a table"),
    ("tool.seatrial.database.isolation = 1", "tool.seatrial.database.isolation", "found an integer"),
    ("tool.seatrial.databases.x = 1", "tool.seatrial.databases.x", "expected a table"),
    ("tool.seatrial.checks.pool.request = 1", "tool.seatrial.checks.pool.request", "found an integer"),
    ("tool.seatrial.identities.claims = []", "tool.seatrial.identities.claims", "expected a table"),
    ("tool.seatrial.identities.tenants.a = 'x'", "tool.seatrial.identities.tenants.a", "expected a table"),
    ("tool.seatrial.identities.users.a = 'x'", "tool.seatrial.identities.users.a", "expected a table"),
    ("tool.seatrial.identities.users.a.role = ['x']", "tool.seatrial.identities.users.a.role", "a list"),
    ("tool.seatrial.fakes.openai = true", "tool.seatrial.fakes.openai", "expected a table"),
    ("tool.seatrial.tests.integration_flag = 'no'", "tool.seatrial.tests.integration_flag", "true or false"),
    ("tool.seatrial.tests.integration_flag = 0", "tool.seatrial.tests.integration_flag", "an integer"),
    ("tool.seatrial.tests.skips = {}", "tool.seatrial.tests.skips", "expected a list of tables"),
    ("tool.seatrial.tests.skips = ['x']", "tool.seatrial.tests.skips[0]", "expected a table"),
    (
        "tool.seatrial.tests.skips = [{test='a', reason='b', until='2027-03-31'}]",
        "tool.seatrial.tests.skips[0].until",
        "expected a date, found a string",
    ),
    (
        "tool.seatrial.tests.skips = [{test='a', reason='b', until=2027-03-31T10:00:00}]",
        "tool.seatrial.tests.skips[0].until",
        "found a date with a time",
    ),
    (
        "tool.seatrial.tests.skips = [{test='a', reason='b', until=10:00:00}]",
        "tool.seatrial.tests.skips[0].until",
        "found a time",
    ),
]


@pytest.mark.parametrize(("content", "key", "problem"), WRONG_TYPE, ids=[row[0] for row in WRONG_TYPE])
def test_a_value_of_another_type_is_refused(tmp_path: Path, content: str, key: str, problem: str) -> None:
    error = refusal(tmp_path, content)
    assert error.code == "settings.wrong-type"
    assert error.message.startswith(f"{key} in ")
    assert problem in error.message


BAD_VALUE = [
    ("tool.seatrial.app = 'agents.main'", "tool.seatrial.app", "bad-value"),
    ("tool.seatrial.app = 'agents/main.py:app'", "tool.seatrial.app", "bad-value"),
    ("tool.seatrial.app = 'agents.main:create_app()'", "tool.seatrial.app", "bad-value"),
    ("tool.seatrial.app = ' '", "tool.seatrial.app", "empty"),
    ("tool.seatrial.between_tests = ['a']", "tool.seatrial.between_tests[0]", "bad-value"),
    ("tool.seatrial.transport = 'sockets'", "tool.seatrial.transport", "bad-value"),
    ("tool.seatrial.allow_hosts = ['db:5432']", "tool.seatrial.allow_hosts[0]", "bad-value"),
    ("tool.seatrial.allow_hosts = ['x', 'redis://db']", "tool.seatrial.allow_hosts[1]", "bad-value"),
    ("tool.seatrial.database.engine = 'mysql'", "tool.seatrial.database.engine", "bad-value"),
    ("tool.seatrial.database.provider = 'podman'", "tool.seatrial.database.provider", "bad-value"),
    ("tool.seatrial.database.isolation = 'resett'", "tool.seatrial.database.isolation", "bad-value"),
    ("tool.seatrial.database.app_role = ''", "tool.seatrial.database.app_role", "empty"),
    ("tool.seatrial.database.seeds = ['seed.txt']", "tool.seatrial.database.seeds[0]", "bad-value"),
    ("tool.seatrial.database.schema = {}", "tool.seatrial.database.schema", "schema"),
    ("tool.seatrial.database.schema = {alembic='a', sql=['b']}", "tool.seatrial.database.schema", "schema"),
    ("tool.seatrial.database.schema = {sql=[]}", "tool.seatrial.database.schema.sql", "empty"),
    (
        "tool.seatrial.database.schema = {metadata='Base'}",
        "tool.seatrial.database.schema.metadata",
        "bad-value",
    ),
    ("tool.seatrial.identities.scheme = 'jwtt'", "tool.seatrial.identities.scheme", "bad-value"),
    ("tool.seatrial.identities.algorithm = 'ES256'", "tool.seatrial.identities.algorithm", "bad-value"),
    ("tool.seatrial.identities.audience = ''", "tool.seatrial.identities.audience", "empty"),
    (
        "tool.seatrial.identities.users.x.tenant = 'a'",
        "tool.seatrial.identities.users.x.tenant",
        "unknown-tenant",
    ),
    ("tool.seatrial.tests.baseline = ''", "tool.seatrial.tests.baseline", "empty"),
    ("tool.seatrial.tests.skips = [{}]", "tool.seatrial.tests.skips[0].test", "missing-key"),
    ("tool.seatrial.tests.skips = [{test='a'}]", "tool.seatrial.tests.skips[0].reason", "missing-key"),
    (
        "tool.seatrial.tests.skips = [{test='a', reason='b'}]",
        "tool.seatrial.tests.skips[0].until",
        "missing-key",
    ),
    (
        "tool.seatrial.tests.skips = [{test='a', reason=' ', until=2027-01-01}]",
        "tool.seatrial.tests.skips[0].reason",
        "empty",
    ),
]


@pytest.mark.parametrize(("content", "key", "code"), BAD_VALUE, ids=[row[0] for row in BAD_VALUE])
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, content: str, key: str, code: str) -> None:
    error = refusal(tmp_path, content)
    assert error.code == f"settings.{code}"
    assert error.message.startswith(f"{key} in ")
    assert error.remedy


def test_a_mistyped_choice_gets_the_nearest(tmp_path: Path) -> None:
    error = refusal(tmp_path, "tool.seatrial.database.isolation = 'rolback'")
    assert "expected one of clone, none, reset, rollback; found 'rolback'" in error.message
    assert error.remedy == "Did you mean 'rollback'? Valid: clone, none, reset, rollback."


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("provider", "'external'"),
        ("extensions", "['vector']"),
        ("stand_ins", "['pgcrypto']"),
        ("app_role", "'a'"),
        ("bin", "'/b'"),
    ],
)
def test_a_key_that_sqlite_cannot_serve_is_refused(tmp_path: Path, key: str, value: str) -> None:
    error = refusal(tmp_path, f"[tool.seatrial.database]\nengine = 'sqlite'\n{key} = {value}")
    assert error.code == "settings.not-for-sqlite"
    assert error.message.startswith(f"tool.seatrial.database.{key} in ")


def test_two_schemas_are_named(tmp_path: Path) -> None:
    error = refusal(tmp_path, "tool.seatrial.database.schema = {alembic='a', metadata='b:c'}")
    assert "exactly one of alembic, sql, metadata, command; found alembic and metadata" in error.message


def test_a_user_of_an_undeclared_tenant_gets_the_nearest(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        "tool.seatrial.identities = {tenants={acme={}, blue={}}, users={x={tenant='acne'}}}",
    )
    assert error.code == "settings.unknown-tenant"
    assert "no tenant 'acne'" in error.message
    assert "Did you mean 'acme'? Valid: acme, blue." in error.remedy


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        ("true", 'X = "true"'),
        ("false", 'X = "false"'),
        ("5432", 'X = "5432"'),
        ("1.5", 'X = "1.5"'),
        ("2027-03-31", 'X = "2027-03-31"'),
        ("['a']", """X = '["a", "b"]'"""),
        ("{a = 1}", """X = '{{"a": 1}}'"""),
    ],
)
def test_an_environment_value_that_is_no_text_is_refused_with_the_fix(
    tmp_path: Path, value: str, fix: str
) -> None:
    error = refusal(tmp_path, f"tool.seatrial.env.X = {value}")
    assert error.code == "settings.wrong-type"
    assert error.message.startswith("tool.seatrial.env.X in ")
    assert fix in error.remedy


@pytest.mark.parametrize("line", ['"A=B" = "x"', '"" = "x"', '"A\\u0000" = "x"', 'A = "\\u0000"'])
def test_what_no_environment_can_hold_is_refused(tmp_path: Path, line: str) -> None:
    assert refusal(tmp_path, f"[tool.seatrial.env]\n{line}").code == "settings.bad-value"
