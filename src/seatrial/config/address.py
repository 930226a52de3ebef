"""Where a database is, and the URLs by which each kind of driver reaches it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import quote

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from seatrial.config.settings import Engine

_DRIVERS: dict[tuple[Engine, str], tuple[str, ...]] = {
    ("postgres", "async"): ("asyncpg", "psycopg"),
    ("postgres", "sync"): ("psycopg", "psycopg2"),
    ("sqlite", "async"): ("aiosqlite",),
}
_STRICT = ("require", "verify-ca", "verify-full")
_SCHEMES: dict[Engine, re.Pattern[str]] = {
    "postgres": re.compile(r"(postgresql|postgres|postgis)(\+[a-z0-9_]+)?"),
    "sqlite": re.compile(r"sqlite3?(\+[a-z0-9_]+)?"),
}


@dataclass(frozen=True, kw_only=True)
class DatabaseAddress:
    """The address of one database.

    Attributes:
        host: a host name, an IP address, or the folder of a unix socket; empty for sqlite.
        port: 1 to 65535; 0 for sqlite.
        user: the role that connects.
        password: never part of the repr.
        name: the database; the file, for sqlite.
        engine: postgres or sqlite.
        path: the file, for sqlite.
        has_tls: whether the server may speak TLS.
    """

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    name: str = ""
    engine: Engine = "postgres"
    path: str = ""
    has_tls: bool = True

    def url(self, style: str = "") -> str:
        """Return the URL of this database, password included.

        Args:
            style: empty for the plain scheme; `async` or `sync` for a SQLAlchemy URL with the driver
                that is installed; or the scheme itself, such as `postgresql+psycopg`.

        Raises:
            SettingsError: the style is unknown, or no driver for it is installed.
        """
        scheme = self._scheme(style)
        if self.engine == "sqlite":
            return f"{scheme}:///{quote(self.path, safe='/:')}"
        credentials = quote(self.user, safe="")
        if self.password:
            credentials += f":{quote(self.password, safe='')}"
        if credentials:
            credentials += "@"
        database = quote(self.name, safe="")
        if self.host.startswith("/"):
            # Not urlencode: libpq takes its plus signs literally.
            socket = quote(self.host, safe="/")
            return f"{scheme}://{credentials}/{database}?host={socket}&port={self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{credentials}{host}:{self.port}/{database}{self._without_tls(scheme)}"

    def _without_tls(self, scheme: str) -> str:
        """What keeps a `PGSSLMODE`, which the application has for another way, from a server without TLS."""
        if self.has_tls or os.environ.get("PGSSLMODE", "") not in _STRICT:
            return ""
        return "?ssl=disable" if scheme.endswith("+asyncpg") else "?sslmode=disable"

    @property
    def place(self) -> tuple[str, int]:
        """What tells this server from others: host and port; the file and 0 for sqlite."""
        return (self.path, 0) if self.engine == "sqlite" else (self.host, self.port)

    def _scheme(self, style: str) -> str:
        plain = "postgresql" if self.engine == "postgres" else "sqlite"
        if not style:
            return plain
        if (self.engine, style) == ("sqlite", "sync"):
            return plain
        if style in ("async", "sync"):
            return f"{plain}+{_installed(_DRIVERS[self.engine, style], style=style)}"
        check_style(style, engine=self.engine)
        return style


def check_style(style: str, *, engine: Engine) -> None:
    """Refuse a style that is neither `async`, `sync` nor a scheme of this engine.

    Raises:
        SettingsError: see above.
    """
    if style in ("", "async", "sync") or _SCHEMES[engine].fullmatch(style):
        return
    example = "postgresql+psycopg" if engine == "postgres" else "sqlite+aiosqlite"
    raise SettingsError(
        f"Expected async, sync or a scheme such as {example} as the style of a URL; found {style!r}.",
        code="settings.url-style",
        remedy=f"Write {{database.url}} alone, or add :async, :sync or :{example} to it.",
    )


def _installed(drivers: tuple[str, ...], *, style: str) -> str:
    for driver in drivers:
        if find_spec(driver) is not None:
            return driver
    raise SettingsError(
        f"A database URL of style {style!r} needs {' or '.join(drivers)}; found none installed.",
        code="settings.no-driver",
        remedy=f"Install one (pip install {drivers[0]}), or name the scheme your application uses.",
    )
