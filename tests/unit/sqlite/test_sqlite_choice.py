"""SQLite only where it was asked for by name."""

from __future__ import annotations

import pytest

from seatrial.config import DatabaseSettings
from seatrial.sqlite import choose_engine

POSTGRES = DatabaseSettings(extensions=("vector",), app_role="app", provider="external")
SQLITE = DatabaseSettings(engine="sqlite")


@pytest.mark.parametrize(
    "named",
    ["sqlite", "SQLite", "sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite://", "sqlite3:////var/x.db"],
)
def test_named_by_the_option_or_the_variable(named: str) -> None:
    by_option = choose_engine(POSTGRES, option=named, inherited={})
    by_variable = choose_engine(POSTGRES, option=None, inherited={"TESTING_DATABASE_URL": named})
    for (settings, choice), source in (
        (by_option, "--seatrial-database"),
        (by_variable, "TESTING_DATABASE_URL"),
    ):
        assert settings.engine == "sqlite"
        assert choice is not None
        lines = choice.header_lines()
        assert "NOT PostgreSQL" in lines[0]
        assert source in lines[0]
        assert "row-level security" in lines[1]
        assert any("passed over" in line and "provider, extensions, app_role" in line for line in lines)
        assert any("is not touched" in line for line in lines) == named.endswith("x.db")


@pytest.mark.parametrize(
    "inherited",
    [{}, {"DATABASE_URL": "sqlite:///app.db"}, {"TESTING_DATABASE_URL": " "}, {"PGHOST": "sqlite"}],
)
def test_an_inherited_address_never_makes_it_sqlite(inherited: dict[str, str]) -> None:
    assert choose_engine(POSTGRES, option=None, inherited=inherited) == (POSTGRES, None)


@pytest.mark.parametrize("option", ["embedded", "postgresql://localhost/sqlite", "", "sqlitefoo"])
def test_the_option_may_also_name_postgresql(option: str) -> None:
    settings, choice = choose_engine(SQLITE, option=option, inherited={"TESTING_DATABASE_URL": "sqlite"})
    assert (settings.engine, choice) == ("postgres", None)


def test_the_embedded_provider_listens_to_no_variable() -> None:
    settings = DatabaseSettings(provider="embedded")
    assert choose_engine(settings, option=None, inherited={"TESTING_DATABASE_URL": "sqlite"})[1] is None
    assert choose_engine(settings, option="sqlite", inherited={})[1] is not None


def test_the_setting() -> None:
    settings, choice = choose_engine(SQLITE, option=None, inherited={"DATABASE_URL": "postgresql://h/d"})
    assert settings is not None
    assert choice is not None
    assert choice.header_lines()[0].endswith('NOT PostgreSQL (engine = "sqlite")')
