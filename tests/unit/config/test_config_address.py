from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from seatrial.config import DatabaseAddress
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

HARD = DatabaseAddress(
    host="127.0.0.1", port=5433, user="ap/p:1", password="p@s:s/w?r#d %é", name="my db/?#é"
)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Hide packages from the import system, as if they were not installed."""

    def hide(*names: str) -> None:
        class Hiding(PathFinder):
            @classmethod
            def find_spec(
                cls, fullname: str, path: object = None, target: object = None
            ) -> ModuleSpec | None:
                return None if fullname in names else PathFinder.find_spec(fullname, path, target)

        finders = [finder for finder in sys.meta_path if finder is not PathFinder]
        monkeypatch.setattr(sys, "meta_path", [*finders, Hiding])
        for name in names:
            monkeypatch.delitem(sys.modules, name, raising=False)

    return hide


@pytest.mark.parametrize("style", ["", "sync", "async", "postgresql+psycopg", "postgres", "postgis"])
def test_sqlalchemy_reads_back_every_part(style: str) -> None:
    url = make_url(HARD.url(style))
    assert (url.host, url.port, url.username, url.password, url.database) == (
        HARD.host,
        HARD.port,
        HARD.user,
        HARD.password,
        HARD.name,
    )


def test_libpq_reads_back_every_part() -> None:
    assert conninfo_to_dict(HARD.url()) == {
        "host": HARD.host,
        "port": str(HARD.port),
        "user": HARD.user,
        "password": HARD.password,
        "dbname": HARD.name,
    }


def test_a_socket_folder_and_an_ipv6_address_read_back() -> None:
    socket = DatabaseAddress(host="/tmp/pg dir", port=5433, user="u", password="p", name="n")
    assert conninfo_to_dict(socket.url()) == {
        "host": "/tmp/pg dir",
        "port": "5433",
        "user": "u",
        "password": "p",
        "dbname": "n",
    }
    six = DatabaseAddress(host="::1", port=5433, user="u", name="n")
    assert six.url() == "postgresql://u@[::1]:5433/n"


def test_without_a_user_there_is_no_at_sign() -> None:
    assert DatabaseAddress(host="h", port=1, name="n").url() == "postgresql://h:1/n"


def test_the_password_is_no_part_of_the_repr() -> None:
    address = DatabaseAddress(host="h", port=1, user="u", password="hunter2", name="n")
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    ("hidden", "style", "scheme"),
    [
        ((), "async", "postgresql+asyncpg"),
        (("asyncpg",), "async", "postgresql+psycopg"),
        ((), "sync", "postgresql+psycopg"),
        (("psycopg",), "sync", "postgresql+psycopg2"),
        (("psycopg", "psycopg2", "asyncpg"), "", "postgresql"),
        (("psycopg",), "postgresql+psycopg", "postgresql+psycopg"),
    ],
)
def test_the_installed_driver_is_named(
    without: Callable[..., None], hidden: tuple[str, ...], style: str, scheme: str
) -> None:
    without(*hidden)
    assert HARD.url(style).partition("://")[0] == scheme


@pytest.mark.parametrize(
    ("style", "drivers"), [("async", ("asyncpg", "psycopg")), ("sync", ("psycopg", "psycopg2"))]
)
def test_no_driver_at_all_is_an_error_without_the_password(
    without: Callable[..., None], style: str, drivers: tuple[str, ...]
) -> None:
    without(*drivers)
    with pytest.raises(SettingsError, match=f"needs {' or '.join(drivers)}") as caught:
        HARD.url(style)
    assert caught.value.code == "settings.no-driver"
    assert HARD.password not in str(caught.value)


def test_an_unknown_style_is_an_error() -> None:
    with pytest.raises(SettingsError, match="found 'asnyc'") as caught:
        HARD.url("asnyc")
    assert caught.value.code == "settings.url-style"


@pytest.mark.parametrize(
    ("style", "url"),
    [
        ("", "sqlite:////tmp/a%20b.db"),
        ("sync", "sqlite:////tmp/a%20b.db"),
        ("sqlite+pysqlite", "sqlite+pysqlite:////tmp/a%20b.db"),
    ],
)
def test_sqlite_urls(style: str, url: str) -> None:
    assert DatabaseAddress(engine="sqlite", path="/tmp/a b.db").url(style) == url
    assert make_url(url).database == "/tmp/a b.db"
