"""The source files below the target directories of a contract."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seatrial.contracts.model import Contract


def unfound(contract: Contract) -> list[str]:
    """What is wrong with paths of the contract that match nothing."""
    problems = []
    for directory in contract.directories:
        if not (contract.root / directory).is_dir():
            problems.append(f"the target directory {directory} does not exist")
        elif not _sources(contract.root / directory):
            problems.append(f"the target directory {directory} has no module")
    return problems + [
        f"the excluded path {path} does not exist"
        for path in contract.excluded
        if not (contract.root / path).exists()
    ]


def unnamed(contract: Contract) -> list[str]:
    """What is wrong with modules of the target directories: nobody promises anything for them."""
    named = {(contract.root / module.path).resolve() for module in contract.modules}
    found = {
        source
        for directory in contract.directories
        for source in _sources(contract.root / directory)
        if source.resolve() not in named and not contract.excludes(source) and _has_statements(source)
    }
    return [
        f"{source.relative_to(contract.root).as_posix()} is in a target directory, and the contract does not "
        "name it: add it to the modules of that directory, or to excluded"
        for source in sorted(found)
    ]


def _sources(directory: Path) -> list[Path]:
    return [
        path
        for path in sorted(directory.rglob("*.py"))
        if not any(
            part.startswith(".") or part == "__pycache__" for part in path.relative_to(directory).parts
        )
    ]


def _has_statements(source: Path) -> bool:
    """Whether there is anything in a file to cover; what cannot be parsed is not passed over."""
    try:
        body: Sequence[ast.stmt] = ast.parse(source.read_bytes()).body
    except (SyntaxError, ValueError):
        return True
    return not all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)
