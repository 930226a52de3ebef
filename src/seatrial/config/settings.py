"""`[tool.seatrial]` as typed, immutable values; `load_settings` reads and validates them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

PYPROJECT_PREFIX = "tool.seatrial"

Engine = Literal["postgres", "sqlite"]
Provider = Literal["auto", "embedded", "external", "docker"]
Isolation = Literal["reset", "clone", "rollback", "none"]
Transport = Literal["memory", "socket"]
Algorithm = Literal["HS256", "RS256"]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """How the tables come to be: exactly one of the four is set, or none for an empty database."""

    alembic: str | None = None
    sql: tuple[str, ...] = ()
    metadata: str | None = None
    command: str | None = None
    """A command line, run in the settings file's folder with the application's environment."""
    files: tuple[str, ...] = ()
    """Patterns of further files that decide what the tables are. A command is taken to read every Python,
    SQL and configuration file of the project, unless it has patterns of its own."""


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """`[tool.seatrial.database]`."""

    engine: Engine = "postgres"
    provider: Provider = "auto"
    schema: Schema = field(default_factory=Schema)
    extensions: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    app_role: str | None = None
    isolation: Isolation = "reset"
    bin: str | None = None
    """A folder with `postgres` and `initdb` to use instead of the wheel's."""
    faults: bool = False
    """Whether the application reaches the server through a proxy, so that tests can break the way."""

    def only_for_postgres(self) -> list[str]:
        """The keys set here that mean something to PostgreSQL alone."""
        said = {
            "provider": self.provider != "auto",
            "extensions": self.extensions,
            "stand_ins": self.stand_ins,
            "app_role": self.app_role,
            "bin": self.bin,
            "faults": self.faults,
        }
        return [key for key, value in said.items() if value]


@dataclass(frozen=True, kw_only=True)
class User:
    """`[tool.seatrial.identities.users.<name>]`: the known keys, and whatever else the claims need."""

    name: str
    tenant: str | None = None
    role: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict, repr=False)
    """No part of the repr: passwords and keys may be among them."""


@dataclass(frozen=True, kw_only=True)
class LoginSettings:
    """`[tool.seatrial.identities.login]`: the request by which a user logs in."""

    path: str
    method: str = "POST"
    json: dict[str, Any] = field(default_factory=dict, repr=False)
    form: dict[str, Any] = field(default_factory=dict, repr=False)
    status: int | None = None
    """The status of a login that has worked; None for any below 400."""
    csrf_cookie: str | None = None
    csrf_header: str = "X-CSRFToken"
    csrf_path: str | None = None
    """What is fetched before the login to get the cookie; None for the path of the login."""


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """`[tool.seatrial.identities]`."""

    scheme: str = "jwt"
    """`jwt`, `oidc`, `header`, `api-key`, `session`, or `module:function`."""
    algorithm: Algorithm = "HS256"
    audience: str | None = None
    issuer: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    header: str = "X-API-Key"
    prefix: str = ""
    login: LoginSettings | None = None
    tenants: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeclaredSkip:
    """A skip the team has agreed to, with its reason and its end."""

    test: str
    reason: str
    until: date


@dataclass(frozen=True, kw_only=True)
class HonestySettings:
    """`[tool.seatrial.tests]`: which tests the red-by-default rules bind, and the agreed exceptions."""

    integration_flag: bool = False
    adopt: tuple[str, ...] = ()
    """Folders whose every test is bound; elsewhere only tests that use a seatrial fixture are."""
    baseline: str = "seatrial-baseline.json"
    skips: tuple[DeclaredSkip, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What a check finds and the team lives with, until a day."""

    check: str
    where: str
    """Where it is found; a pattern with `*` and `?`."""
    reason: str
    until: date


@dataclass(frozen=True, kw_only=True)
class MigrationChecks:
    """`[tool.seatrial.checks.migrations]`."""

    models: str | None = None
    """The metadata that the migrations have to agree with; None for the one that env.py names."""
    lint_after: str | None = None
    """The last revision that is not linted; None to lint the newest only."""


@dataclass(frozen=True, kw_only=True)
class RlsChecks:
    """`[tool.seatrial.checks.rls]`."""

    tenant_column: str | None = None
    """The column that says whose a row is; every table with it has to be protected."""


@dataclass(frozen=True, kw_only=True)
class PoolChecks:
    """`[tool.seatrial.checks.pool]`."""

    request: str | None = None
    """The path of a GET that uses the database; None to look at the pools alone."""
    user: str | None = None
    """Whose request it is; None for nobody's."""
    status: int = 503
    """How the application answers it while the pool that it uses is empty."""
    wait: int | None = None
    """How many seconds a pool may let somebody wait; None for as long as it is set to."""


@dataclass(frozen=True, kw_only=True)
class QueryChecks:
    """`[tool.seatrial.checks.queries]`."""

    rows: str | None = None
    """What makes rows; None for rows made out of the catalogue."""
    openapi: str | None = None
    """Where the application serves its OpenAPI document; None to ask the framework, and usual places."""


@dataclass(frozen=True, kw_only=True)
class AuditTrail:
    """`[tool.seatrial.checks.audit]`, or one of several `[[tool.seatrial.checks.audit]]`."""

    table: str
    order: str | None = None
    """The column by which its rows are ordered; None to take the one of the primary key."""
    previous: str | None = None
    """The column that holds the hash of the row before; None to go by its name."""
    hash: str | None = None
    """The column that holds the hash of the row; None to go by its name."""
    chain: tuple[str, ...] = ()
    """The columns that say to which of several chains a row belongs."""
    append: str | None = None
    """What appends: `module:function`, or a statement."""
    verify: str | None = None
    """What computes the chain again and returns the rows that are broken: `module:function`, or a query."""


@dataclass(frozen=True, kw_only=True)
class Survivor:
    """A mutant that no test has to notice, until a day."""

    mutant: str
    """Its name; a pattern with `*` and `?`."""
    reason: str
    owner: str
    until: date


@dataclass(frozen=True, kw_only=True)
class AuditSettings:
    """`[tool.seatrial.audit]`."""

    survivors: tuple[Survivor, ...] = ()
    compare_schemas: tuple[str, ...] = ()
    """Patterns of ids of tests that compare whole schemas in a way that no ledger shows."""


@dataclass(frozen=True, kw_only=True)
class ContractSettings:
    """`[tool.seatrial.contracts]`."""

    file: str
    """The coverage contract, from the folder of the settings."""


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    """`[tool.seatrial.checks]`."""

    run: tuple[str, ...] = ()
    """What every run of pytest collects: groups, or single checks."""
    accept: tuple[Accepted, ...] = ()
    migrations: MigrationChecks = field(default_factory=MigrationChecks)
    rls: RlsChecks = field(default_factory=RlsChecks)
    audit: tuple[AuditTrail, ...] = ()
    """The tables to which rows are only ever added."""
    queries: QueryChecks = field(default_factory=QueryChecks)
    pool: PoolChecks = field(default_factory=PoolChecks)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything `[tool.seatrial]` says, validated."""

    root: Path
    """The folder of the settings file: relative paths start here, and it is importable."""
    source: Path
    app: str | None = None
    app_args: dict[str, Any] = field(default_factory=dict, repr=False)
    transport: Transport = "memory"
    between_tests: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict, repr=False)
    """The templates as written: `render_env` puts the values in. No part of the repr: may hold keys."""
    allow_hosts: tuple[str, ...] = ()
    """Remote hosts that may stay in the environment."""
    database: DatabaseSettings | None = None
    databases: dict[str, DatabaseSettings] = field(default_factory=dict)
    identities: IdentitySettings = field(default_factory=IdentitySettings)
    fakes: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    tests: HonestySettings = field(default_factory=HonestySettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    contracts: ContractSettings | None = None

    def key(self, *parts: str) -> str:
        """Return the dotted path of a key as its file spells it, for messages."""
        prefix = PYPROJECT_PREFIX if self.source.name == "pyproject.toml" else ""
        return ".".join(part for part in (prefix, *parts) if part)
