"""The values a choice is made of. None of them shows a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

Source = Literal["--seatrial-database", "TESTING_DATABASE_URL", "DATABASE_URL", "PG*"]
Mode = Literal["own-databases", "named"]

EXPLICIT: frozenset[str] = frozenset({"--seatrial-database", "TESTING_DATABASE_URL"})


@dataclass(frozen=True, kw_only=True)
class Target:
    """One database on one server, every part filled in as libpq would fill it in."""

    source: Source
    host: str
    """A name, an IP address, or the folder of a Unix socket (`/...`; `@...` for an abstract one)."""
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    hostaddr: str | None = None
    """The IP address to connect to, where it is known; `host` is then only a name for certificates."""
    extras: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """TLS parameters and `options`, as given."""

    @property
    def explicit(self) -> bool:
        """Whether somebody named this target for this run, rather than it being around in the shell."""
        return self.source in EXPLICIT

    @property
    def is_socket(self) -> bool:
        """Whether `host` is the folder of a Unix socket."""
        return self.host.startswith(("/", "@"))

    @property
    def socket_path(self) -> str:
        """The Unix socket that libpq opens for this target."""
        return f"{self.host}/.s.PGSQL.{self.port}"

    @property
    def place(self) -> str:
        """Where a connection goes, for messages."""
        if self.is_socket:
            return self.socket_path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def safe_description(self) -> str:
        """Database, user and place; never the password."""
        return f'database "{self.database}" as "{self.user}" on {self.place}'

    @property
    def safe_url(self) -> str:
        """A URL for commands; the word PASSWORD stands where the password would."""
        user = quote(self.user, safe="") + (":PASSWORD" if self.password else "")
        database = quote(self.database, safe="")
        if self.is_socket:
            return f"postgresql://{user}@/{database}?host={quote(self.host, safe='/@')}&port={self.port}"
        return f"postgresql://{user}@{self.place}/{database}"

    def conninfo(self) -> dict[str, str | int]:
        """Keyword arguments for `psycopg.connect`.

        Parts that are unset are passed as empty strings, since libpq fills absent ones from PG* variables.
        PGSERVICE alone cannot be switched off that way: the environment must not hold it.
        """
        return {
            "options": "",
            **dict(self.extras),
            "host": self.host,
            "hostaddr": self.hostaddr or "",
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password or "",
        }


@dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """What the probe saw, in one read-only transaction."""

    version: int
    """As `server_version_num` gives it: 180006 is 18.6."""
    connected_to: str
    """The database that was looked into: the named one, or `postgres` where that does not exist yet."""
    superuser: bool
    create_databases: bool
    create_roles: bool
    owner: bool
    """Whether the role owns the database, or is a member of the role that does."""
    in_recovery: bool
    empty: bool
    marked: bool
    extensions: Mapping[str, str]
    """Extensions the server can create, with their default versions."""


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """An inherited target that was not used, and why."""

    source: Source
    rule: int
    reason: str
    command: str | None
    """The `seatrial db mark` command that would let it be used, where there is one."""

    @property
    def header_line(self) -> str:
        """One line for the header of a run."""
        use = f" (to use it: {self.command})" if self.command else ""
        return f"{self.source} passed over by rule {self.rule}: {self.reason}{use}"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The database of a run."""

    kind: Literal["embedded", "external"]
    target: Target | None = None
    mode: Mode | None = None
    """`own-databases`: we create databases and never touch the named one; `named`: the named one is ours."""
    facts: ServerFacts | None = None
    passed_over: tuple[PassedOver, ...] = ()

    def header_lines(self) -> list[str]:
        """What was passed over, one line each, then what was chosen."""
        lines = [f"database: {passed.header_line}" for passed in self.passed_over]
        if self.target is None:
            return [*lines, "database: embedded"]
        how = "databases of our own" if self.mode == "own-databases" else "the named database"
        return [*lines, f"database: {self.target.source}, {how}, {self.target.safe_description}"]
