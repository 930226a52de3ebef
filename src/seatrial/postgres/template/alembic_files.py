"""Where a project's Alembic configuration and migrations lie, read without importing Alembic."""

from __future__ import annotations

import configparser
import tomllib
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import TemplateError


@dataclass(frozen=True)
class AlembicFiles:
    """An Alembic configuration: the file, the script folder and the configured URL."""

    config: Path
    scripts: Path
    url: str
    toml: bool

    @classmethod
    def read(cls, root: Path, name: str) -> AlembicFiles:
        """Read `alembic.ini`, or `pyproject.toml` with `[tool.alembic]`.

        Raises:
            TemplateError: the file, its section or the script folder is missing.
        """
        config = (root / name).resolve()
        if not config.is_file():
            message = (
                f"tool.seatrial.database.schema names Alembic's configuration {name!r}; {config} is not there"
            )
            raise TemplateError(message, code="template.alembic-missing", remedy=_PATH_REMEDY)
        toml = config.suffix == ".toml"
        location, url = _from_toml(config) if toml else _from_ini(config)
        scripts = _script_folder(location, config)
        if not (scripts / "env.py").is_file():
            message = f"{config} gives script_location {location!r}; there is no env.py in {scripts}"
            raise TemplateError(message, code="template.alembic-missing", remedy=_PATH_REMEDY)
        return cls(config, scripts, url, toml)

    def files(self) -> set[Path]:
        """The configuration, env.py, and every revision and SQL file below the script folder."""
        scripts = (file for ending in ("*.py", "*.sql") for file in self.scripts.rglob(ending))
        return {self.config, *(file.resolve() for file in scripts if "__pycache__" not in file.parts)}

    @property
    def asynchronous(self) -> bool:
        """Whether env.py makes an asynchronous engine, and so needs an asynchronous driver."""
        text = (self.scripts / "env.py").read_text(encoding="utf-8", errors="replace")
        return any(
            word in text for word in ("async_engine_from_config", "create_async_engine", "AsyncEngine")
        )


_PATH_REMEDY = "give the path of alembic.ini, relative to the folder of the settings file"


def _from_ini(config: Path) -> tuple[str, str]:
    # Alembic offers %(here)s; values that other tools interpolate must not stop us here.
    parser = configparser.ConfigParser({"here": str(config.parent)}, interpolation=None)
    parser.read(config, encoding="utf-8")
    if not parser.has_option("alembic", "script_location"):
        raise _no_location(config)
    return parser.get("alembic", "script_location"), parser.get("alembic", "sqlalchemy.url", fallback="")


def _from_toml(config: Path) -> tuple[str, str]:
    section = tomllib.loads(config.read_text(encoding="utf-8")).get("tool", {}).get("alembic", {})
    if "script_location" not in section:
        raise _no_location(config)
    return str(section["script_location"]), str(section.get("sqlalchemy.url", ""))


def _script_folder(location: str, config: Path) -> Path:
    location = location.replace("%(here)s", str(config.parent))
    if ":" in location and not Path(location).is_absolute():
        package, _, folder = location.partition(":")
        for base in (config.parent, config.parent / "src"):
            candidate = base.joinpath(*package.split("."), folder)
            if candidate.is_dir():
                return candidate
    return (config.parent / location).resolve()


def _no_location(config: Path) -> TemplateError:
    return TemplateError(
        f"{config} has no script_location for Alembic",
        code="template.alembic-missing",
        remedy="point tool.seatrial.database.schema at the file that Alembic itself uses",
    )
