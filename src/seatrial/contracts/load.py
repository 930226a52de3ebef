"""Reads `coverage-targets.yaml`: every mistake in it is an error with its line and key."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from seatrial.contracts.model import (
    Contract,
    Execution,
    Gates,
    Module,
    Policy,
    Reports,
    Severity,
    Terminal,
)
from seatrial.contracts.reading import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from seatrial.contracts.node import Node

_VERSION = 1
_WHAT_MATTERS = ("critical_paths", "edge_cases", "critical_operations")


def load_contract(file: Path, *, root: Path) -> Contract:
    """Read and validate a coverage contract.

    Args:
        file: the YAML file.
        root: the folder of the project, at which the paths in it begin.

    Raises:
        ContractError: the file cannot be read, is no YAML, or says something that no contract has.
    """
    root, file = root.resolve(), file.resolve()
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    document = read_yaml(file, name=name)
    required = ("version", "policy", "targets")
    parts = document.mapping(*required, "excluded", "reports", "execution", "gates", required=required)
    _check_version(parts["version"])
    excluded = parts["excluded"].items() if "excluded" in parts else []
    directories, modules = _targets(parts["targets"], root)
    contract = Contract(
        file=file,
        root=root,
        policy=_policy(parts["policy"]),
        modules=tuple(module for _, module in modules),
        directories=directories,
        excluded=tuple(node.path(root) for node in excluded),
        reports=_reports(parts["reports"], root) if "reports" in parts else Reports(),
        execution=_execution(parts["execution"]) if "execution" in parts else Execution(),
        gates=_gates(parts["gates"]) if "gates" in parts else Gates(),
    )
    _refuse_both(contract, modules)
    return contract


def _check_version(node: Node) -> None:
    if node.value != _VERSION or isinstance(node.value, bool):
        raise node.error(
            f"expected {_VERSION}, found {node.found}.",
            code="contracts.bad-value",
            remedy=f"Write version: {_VERSION}, the only one that this seatrial knows.",
        )


def _policy(node: Node) -> Policy:
    names = tuple(field.name for field in fields(Policy))
    parts = node.mapping(*names, required=names)
    return Policy(**{name: parts[name].percent() for name in names})


def _targets(node: Node, root: Path) -> tuple[tuple[str, ...], list[tuple[Node, Module]]]:
    """The directories, and the modules with the places that name them."""
    directories: list[str] = []
    modules: list[tuple[Node, Module]] = []
    seen: dict[str, Node] = {}
    for target in node.items():
        parts = target.mapping("directory", "modules", required=("directory", "modules"))
        directory = parts["directory"].path(root)
        _once(seen, f"{directory}/", parts["directory"])
        directories.append(directory)
        for entry in parts["modules"].items():
            place, module = _module(entry, root, directory)
            _once(seen, module.path, place)
            modules.append((place, module))
    return tuple(directories), modules


def _once(seen: dict[str, Node], path: str, node: Node) -> None:
    if path in seen:
        raise node.error(
            f"{path} stands in line {seen[path].line} already.",
            code="contracts.duplicate",
            remedy="Keep one of the two, with what both say.",
        )
    seen[path] = node


def _module(entry: Node, root: Path, directory: str) -> tuple[Node, Module]:
    parts = entry.mapping("file", *_WHAT_MATTERS, "test_files", required=("file", "test_files"))
    what: dict[str, Any] = {name: parts[name].texts() for name in _WHAT_MATTERS if name in parts}
    if not what:
        raise entry.error(
            f"expected one of {', '.join(_WHAT_MATTERS)}, found none.",
            code="contracts.missing-key",
            remedy="Say in a line what of this module has to be covered: a figure alone is no promise.",
        )
    return parts["file"], Module(
        path=parts["file"].path(root, below=directory),
        directory=directory,
        test_files=tuple(dict.fromkeys(node.path(root) for node in parts["test_files"].items())),
        **what,
    )


def _reports(node: Node, root: Path) -> Reports:
    parts = node.mapping(*(field.name for field in fields(Reports)))
    return Reports(
        terminal=parts["terminal"].choice(get_args(Terminal)) if "terminal" in parts else Reports.terminal,
        html=parts["html"].path(root) if "html" in parts else None,
        xml=parts["xml"].path(root) if "xml" in parts else None,
    )


def _execution(node: Node) -> Execution:
    parts = node.mapping(*(field.name for field in fields(Execution)))
    return Execution(**{name: part.seconds() for name, part in parts.items()})


def _gates(node: Node) -> Gates:
    parts = node.mapping(*(field.name for field in fields(Gates)))
    return Gates(**{name: part.choice(get_args(Severity)) for name, part in parts.items()})


def _refuse_both(contract: Contract, modules: list[tuple[Node, Module]]) -> None:
    for node, module in modules:
        if contract.excludes(contract.root / module.path):
            raise node.error(
                f"{module.path} is a target, and excluded too.",
                code="contracts.contradiction",
                remedy="Remove one of the two.",
            )
