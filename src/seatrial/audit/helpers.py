"""Finds the helper modules next to a suite's tests, whose assertions should count as well."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TEST_FOLDER = re.compile(r"(.*_)?tests?", re.IGNORECASE)


def test_folders(candidates: Iterable[Path], *, root: Path) -> list[Path]:
    """Of `candidates`, and `root`'s own `tests` and `test`, the folders that hold tests by their name.

    Only a folder named so, or inside one: `testpaths` may name the application's own folder, and the
    application has to stay as it is.
    """
    found = {root / "tests", root / "test"}
    for folder in candidates:
        if any(_TEST_FOLDER.fullmatch(part) for part in _parts_below(folder, root)):
            found.add(folder)
    return sorted(folder for folder in found if folder.is_dir())


def module_names(folders: Iterable[Path], *, bases: Iterable[Path]) -> list[str]:
    """The names under which modules in `folders` can be imported, packages standing for what they hold.

    Args:
        folders: what `test_folders` found.
        bases: folders on the import path, such as the root.
    """
    names: set[str] = set()
    for folder in folders:
        for base in bases:
            parts = _parts_below(folder, base)
            if parts and all(part.isidentifier() for part in parts):
                names.add(".".join(parts))
        for path in _import_roots(folder):
            names.update(_top_level_names(path))
    # One already imported stays as it is, and pytest would warn about it.
    return sorted(name for name in names if name not in sys.stdlib_module_names and name not in sys.modules)


def _import_roots(folder: Path) -> Iterator[Path]:
    """The folders pytest may put on the import path: those with Python files that are no package."""
    for place, children, files in os.walk(folder):
        children[:] = [child for child in children if child.isidentifier() and child != "__pycache__"]
        if "__init__.py" not in files and any(file.endswith(".py") for file in files):
            yield Path(place)


def _top_level_names(path: Path) -> Iterator[str]:
    for entry in os.scandir(path):
        name, _, extension = entry.name.partition(".")
        if not name.isidentifier() or name == "__pycache__":
            continue
        if entry.is_dir() or (extension == "py" and name != "conftest"):
            yield name


def _parts_below(folder: Path, base: Path) -> tuple[str, ...]:
    return folder.relative_to(base).parts if folder.is_relative_to(base) else ()
