"""The fingerprint of a template: equal inputs give an equal database, so it can be kept between runs."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial import __version__
from seatrial.errors import TemplateError
from seatrial.postgres.template.alembic_files import AlembicFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seatrial.postgres.template.plan import TemplatePlan

FORMAT = "1"
_READ_BY_COMMANDS = (".py", ".sql", ".toml", ".ini", ".cfg")
_NOT_THE_PROJECTS = ("__pycache__", "node_modules", "site-packages")
_TESTS = ("test_*.py", "*_test.py", "conftest.py")


def fingerprint(plan: TemplatePlan, *, server: str) -> str:
    """Hash everything that decides what the template will hold; 32 hexadecimal digits."""
    digest = hashlib.sha256()
    facts = {
        "format": FORMAT,
        "seatrial": __version__,
        "server": server,
        "settings": asdict(plan.settings),
        "env": dict(plan.env),
        "packages": _installed(),
    }
    digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
    for file in sorted(source_files(plan)):
        digest.update(str(file).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def source_files(plan: TemplatePlan) -> set[Path]:
    """The project's files that take part: migrations, seeds, models, and what they import of it."""
    files: set[Path] = set()
    settings = plan.settings
    if settings.schema.alembic:
        files |= AlembicFiles.read(plan.root, settings.schema.alembic).files()
    for name in (*settings.schema.sql, *settings.seeds):
        files |= _named(plan.root, name)
    if settings.schema.metadata:
        files |= _named(plan.root, settings.schema.metadata)
    files |= _matching(plan.root, settings.schema.files)
    if settings.schema.command and not settings.schema.files:
        files |= _whole_project(plan.root)
    return _with_imports(files, plan.root)


def _installed() -> list[str]:
    """What is installed, with versions: any of it may hold tables, migrations, or the tool that runs them."""
    folders = {entry for entry in sys.path if entry.endswith("-packages")}
    found = (item for folder in folders for item in _names_in(folder))
    return sorted({item for item in found if item.endswith((".dist-info", ".egg-info"))})


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - a name for each of some hundred, no path
    except OSError:
        return []


def _matching(root: Path, patterns: Iterable[str]) -> set[Path]:
    files: set[Path] = set()
    for pattern in patterns:
        found = {file.resolve() for file in root.glob(pattern) if file.is_file()}
        if not found:
            raise TemplateError(
                f"no file matches {pattern!r} in tool.seatrial.database.schema.files",
                code="template.files-missing",
                remedy=f"correct the pattern; it is relative to {root}",
            )
        files |= found
    return files


def _whole_project(root: Path) -> set[Path]:
    """The files a command may read: it says nothing of them, so all count but tests and what is installed."""
    files: set[Path] = set()
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if _is_the_projects(Path(place, name))]
        files |= {
            Path(place, name).resolve()
            for name in names
            if name.endswith(_READ_BY_COMMANDS) and not any(fnmatch(name, test) for test in _TESTS)
        }
    return {file for file in files if file.is_file()}


def _is_the_projects(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _NOT_THE_PROJECTS
    return not hidden and not (folder / "pyvenv.cfg").exists()


def _named(root: Path, name: str) -> set[Path]:
    """The file behind a path or a `module:attribute`."""
    path = root / name
    if path.is_file():
        return {path.resolve()}
    return set(_module_files(name.partition(":")[0], _folders(root)))


def _folders(root: Path) -> tuple[Path, ...]:
    return tuple(folder for folder in (root, root / "src") if folder.is_dir())


def _module_files(module: str, folders: Iterable[Path]) -> Iterator[Path]:
    """The files a module name stands for: packages on the way to it run their `__init__` too."""
    parts = module.split(".")
    for folder in folders:
        for length in range(1, len(parts) + 1):
            stem = folder.joinpath(*parts[:length])
            for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
                if candidate.is_file():
                    yield candidate.resolve()


def _with_imports(files: set[Path], root: Path) -> set[Path]:
    folders = _folders(root)
    found: set[Path] = set()
    pending = list(files)
    while pending:
        file = pending.pop()
        if file in found:
            continue
        found.add(file)
        if file.suffix == ".py":
            near = (*folders, *file.parents[:3])
            for module in _imported(file):
                pending += _module_files(module, near)
    return found


def _imported(file: Path) -> Iterator[str]:
    """The dotted names a file imports; relative imports are resolved by the file's own folders."""
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:
        return  # the build itself will say so, with the file and the line
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)
