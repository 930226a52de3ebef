"""Where a project's Alembic configuration and migrations lie, read without importing Alembic."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class AlembicFiles:
    """An Alembic configuration: the file, the script folder, further folders with revisions, the URL."""

    config: Path
    scripts: Path
    url: str
    toml: bool
    versions: tuple[Path, ...] = ()

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
        options = _from_toml(config) if toml else _from_ini(config)
        location = options.get("script_location", "")
        if not location:
            raise _no_location(config)
        bases = _bases(options, config)
        scripts = _folder(location, config, bases)
        if not (scripts / "env.py").is_file():
            message = f"{config} gives script_location {location!r}; there is no env.py in {scripts}"
            raise TemplateError(message, code="template.alembic-missing", remedy=_PATH_REMEDY)
        versions = (_folder(item, config, bases) for item in _listed(options, "version_locations"))
        return cls(config, scripts, options.get("sqlalchemy.url", ""), toml, tuple(versions))

    def files(self) -> set[Path]:
        """The configuration, env.py, and every revision and SQL file below the script folder."""
        folders = (self.scripts, *self.versions)
        scripts = (file for place in folders for ending in ("*.py", "*.sql") for file in place.rglob(ending))
        return {self.config, *(file.resolve() for file in scripts if "__pycache__" not in file.parts)}

    @property
    def asynchronous(self) -> bool:
        """Whether env.py makes an asynchronous engine, and so needs an asynchronous driver."""
        text = (self.scripts / "env.py").read_text(encoding="utf-8", errors="replace")
        return any(
            word in text for word in ("async_engine_from_config", "create_async_engine", "AsyncEngine")
        )


_PATH_REMEDY = "give the path of alembic.ini, relative to the folder of the settings file"


def _from_ini(config: Path) -> dict[str, str]:
    # Alembic offers %(here)s; values that other tools interpolate must not stop us here.
    parser = configparser.ConfigParser({"here": str(config.parent)}, interpolation=None)
    parser.read(config, encoding="utf-8")
    return dict(parser.items("alembic")) if parser.has_section("alembic") else {}


def _from_toml(config: Path) -> dict[str, str]:
    section = tomllib.loads(config.read_text(encoding="utf-8")).get("tool", {}).get("alembic", {})
    return {key: " ".join(value) if isinstance(value, list) else str(value) for key, value in section.items()}


def _listed(options: Mapping[str, str], key: str) -> list[str]:
    """The places in a list, which Alembic separates in whichever way the project has chosen."""
    named = {"os": os.pathsep, "space": " ", "newline": "\n", ":": ":", ";": ";"}
    chosen = options.get("path_separator") or options.get("version_path_separator") or ""
    mark = named.get(chosen)
    parts = options.get(key, "").split(mark) if mark else re.split(r"[,;\s]+", options.get(key, ""))
    return [part.strip() for part in parts if part.strip()]


def _bases(options: Mapping[str, str], config: Path) -> list[Path]:
    """Where packages are looked for: beside the configuration, and where it says that Python should look."""
    prepended = (config.parent / _here(item, config) for item in _listed(options, "prepend_sys_path"))
    return [config.parent, config.parent / "src", *prepended]


def _here(location: str, config: Path) -> str:
    return location.replace("%(here)s", str(config.parent))


def _folder(location: str, config: Path, bases: Sequence[Path]) -> Path:
    """The folder behind a path, or behind `package:folder`, which may be installed."""
    location = _here(location, config)
    if ":" not in location or Path(location).is_absolute():
        return (config.parent / location).resolve()
    package, _, folder = location.partition(":")
    top, *inner = package.split(".")
    installed = find_spec(top)
    found = [Path(place) for place in (installed.submodule_search_locations or ())] if installed else []
    places = [base.joinpath(top) for base in bases] + found
    candidates = [place.joinpath(*inner, folder) for place in places]
    return next((place.resolve() for place in candidates if place.is_dir()), candidates[0])


def _no_location(config: Path) -> TemplateError:
    return TemplateError(
        f"{config} has no script_location for Alembic",
        code="template.alembic-missing",
        remedy="point tool.seatrial.database.schema at the file that Alembic itself uses",
    )
