"""Read a settings file into `Settings`; whatever is wrong in it is refused here, by name."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from seatrial.config.load_audit import load_audit
from seatrial.config.load_checks import load_checks
from seatrial.config.load_database import load_database
from seatrial.config.load_env import load_env
from seatrial.config.load_identities import load_identities
from seatrial.config.placeholders import check_env
from seatrial.config.settings import (
    PYPROJECT_PREFIX,
    ContractSettings,
    DeclaredSkip,
    HonestySettings,
    Settings,
    Transport,
)
from seatrial.config.table import Table
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = tuple(field.name for field in fields(Settings) if field.name not in ("root", "source"))


def load_settings(file: Path) -> Settings:
    """Read and validate a `pyproject.toml` (its `[tool.seatrial]`) or a `seatrial.toml`.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or says something seatrial does not know.
    """
    file = file.absolute()
    top = _top_table(_read(file), file)
    top.only(*_KEYS)
    database = top.table("database")
    settings = Settings(
        root=file.parent,
        source=file,
        app=top.reference("app"),
        app_args=top.free("app_args"),
        transport=top.choice("transport", get_args(Transport), default="memory"),
        between_tests=top.references("between_tests"),
        env=load_env(top.table("env")),
        allow_hosts=_hosts(top),
        database=load_database(database) if database is not None else None,
        databases={name: load_database(table) for name, table in top.tables("databases").items()},
        identities=load_identities(top.table("identities")),
        fakes={name: table.free() for name, table in top.tables("fakes").items()},
        tests=_honesty(top.table("tests")),
        checks=load_checks(top.table("checks")),
        audit=load_audit(top.table("audit")),
        contracts=_contracts(top.table("contracts")),
    )
    check_env(settings)
    return settings


def _read(file: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 -- needed only once there is a file

    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise SettingsError(
            f"Expected a settings file at {file}: {error.strerror}.",
            code="settings.unreadable",
            remedy="Create the file, name another one, or correct its permissions.",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{file} is not UTF-8 (byte {error.start}).",
            code="settings.syntax",
            remedy="Save the file as UTF-8.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{file} is not valid TOML: {error}.",
            code="settings.syntax",
            remedy="Correct the line named above.",
        ) from error


def _top_table(document: dict[str, Any], file: Path) -> Table:
    if file.name != "pyproject.toml":
        if isinstance(tool := document.get("tool"), dict) and "seatrial" in tool:
            raise SettingsError(
                f"{PYPROJECT_PREFIX} in {file}: in this file the keys stand at the top level.",
                code="settings.nested",
                remedy=f"Write [database] instead of [{PYPROJECT_PREFIX}.database], and so on.",
            )
        return Table(document, path="", file=file)
    tool = Table(document, path="", file=file).table("tool")
    table = tool.table("seatrial") if tool is not None else None
    if table is None:
        raise SettingsError(
            f"Expected a table [{PYPROJECT_PREFIX}] in {file}, found none.",
            code="settings.no-table",
            remedy=f"Add [{PYPROJECT_PREFIX}] to it.",
        )
    return table


def _hosts(top: Table) -> tuple[str, ...]:
    hosts = top.texts("allow_hosts")
    for position, host in enumerate(hosts):
        has_port = host.count(":") == 1
        if has_port or any(mark in host for mark in "/@,; "):
            raise top.error(
                f"allow_hosts[{position}]",
                "expected the name or address of one host, without scheme, user, port or path.",
                code="settings.bad-value",
                remedy='Write the host alone, such as "db.internal".',
            )
    return hosts


def _contracts(table: Table | None) -> ContractSettings | None:
    if table is None:
        return None
    table.only(*(field.name for field in fields(ContractSettings)))
    return ContractSettings(file=table.required_text("file"))


def _honesty(table: Table | None) -> HonestySettings:
    if table is None:
        return HonestySettings()
    table.only(*(field.name for field in fields(HonestySettings)))
    return HonestySettings(
        integration_flag=table.flag("integration_flag", default=False),
        adopt=table.texts("adopt"),
        baseline=table.text("baseline") or HonestySettings.baseline,
        skips=tuple(_skip(row) for row in table.rows("skips")),
    )


def _skip(row: Table) -> DeclaredSkip:
    row.only(*(field.name for field in fields(DeclaredSkip)))
    return DeclaredSkip(
        test=row.required_text("test"), reason=row.required_text("reason"), until=row.day("until")
    )
