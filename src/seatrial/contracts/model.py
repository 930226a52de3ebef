"""A coverage contract as typed, immutable values; `load_contract` reads and validates them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Severity = Literal["blocking", "warning"]
Terminal = Literal["missing-lines", "summary"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The least that is promised, in percent: more than 0, at most 100."""

    minimum_line: float
    """Of the lines of each module."""
    minimum_branch: float
    """Of the branches of each module."""
    fail_under: float
    """Of all modules together, lines and branches each."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """A module, what matters in it, and the files whose tests cover it; paths begin at the project."""

    path: str
    directory: str
    """The target directory that names it."""
    critical_paths: tuple[str, ...] = ()
    edge_cases: tuple[str, ...] = ()
    critical_operations: tuple[str, ...] = ()
    test_files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reports:
    """What is told of a run that was judged."""

    terminal: Terminal = "summary"
    """`missing-lines`: the lines that never ran, of modules too that reach their targets."""
    html: str | None = None
    """The folder of an HTML report."""
    xml: str | None = None
    """The file of a Cobertura report."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How long tests may take, in seconds; None for no limit."""

    suite_seconds: float | None = None
    test_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Gates:
    """What turns a run red (`blocking`), and what is only told (`warning`)."""

    coverage: Severity = "blocking"
    no_failure_no_skip: Severity = "blocking"
    duration: Severity = "warning"


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Everything that `coverage-targets.yaml` says.

    Args:
        file: the file.
        root: the folder that its paths begin at: the one of the settings.
        policy: the minimum.
        modules: every module of every target directory, in the order of the file.
        directories: the target directories.
        excluded: paths, files or folders, that are promised nothing.
        reports: what is told of a run.
        execution: how long it may take.
        gates: what turns it red.
    """

    file: Path
    root: Path
    policy: Policy
    modules: tuple[Module, ...]
    directories: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    reports: Reports = field(default_factory=Reports)
    execution: Execution = field(default_factory=Execution)
    gates: Gates = field(default_factory=Gates)

    @property
    def name(self) -> str:
        """The path of the file, as people write it."""
        inside = self.file.is_relative_to(self.root)
        return self.file.relative_to(self.root).as_posix() if inside else str(self.file)

    @property
    def test_files(self) -> tuple[str, ...]:
        """The test files of all modules, each once."""
        return tuple(dict.fromkeys(file for module in self.modules for file in module.test_files))

    def excludes(self, path: Path) -> bool:
        """Whether `path` is one of the excluded paths, or in one."""
        return any(path.is_relative_to(self.root / excluded) for excluded in self.excluded)
