"""Holds what was measured against a contract: each module on its own, lines and branches on their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.contracts.gates import Gate, gates_of
from seatrial.contracts.measuring import Count
from seatrial.contracts.sources import unfound, unnamed

if TYPE_CHECKING:
    from seatrial.contracts.measuring import FileFigures, Measurement
    from seatrial.contracts.model import Contract, Module
    from seatrial.contracts.suite import SuiteRun

SWITCH_ON_BRANCHES = "pytest --cov-branch, or branch = true under [tool.coverage.run]"


@dataclass(frozen=True, kw_only=True)
class ModuleVerdict:
    """What a contract says of one module.

    Args:
        module: the module.
        figures: what was measured; None if nothing was.
        problems: what is wrong with it; none where it reaches its targets.
    """

    module: Module
    figures: FileFigures | None
    problems: tuple[str, ...]

    @property
    def worst(self) -> float:
        """The lower one of its two ratios, from 0 to 1; what was not measured counts as 0."""
        if self.figures is None or self.figures.branches is None:
            return 0.0
        return min(self.figures.lines.ratio, self.figures.branches.ratio)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The result of a run, or of data that were measured earlier.

    Args:
        contract: what it was held against.
        modules: a verdict for each module, those with problems first, the worst of each kind first.
        problems: what is wrong with no single module.
        notes: what a reader should know, and what makes nothing fail.
        lines: of all modules together.
        branches: the same; None if no branches were measured.
        gates: what became of each gate that could be judged.
    """

    contract: Contract
    modules: tuple[ModuleVerdict, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    lines: Count
    branches: Count | None
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether no blocking gate has failed."""
        return not any(gate.blocks for gate in self.gates)


def judge(contract: Contract, measured: Measurement, *, suite: SuiteRun | None = None) -> Judgement:
    """Hold `measured` against `contract`.

    Args:
        contract: the contract.
        measured: what coverage has measured.
        suite: the tests of that run; None where only their data is left, and nothing is said of tests.
    """
    modules = [_module(contract, module, measured, suite) for module in contract.modules]
    modules.sort(key=lambda verdict: (not verdict.problems, verdict.worst, verdict.module.path))
    known = [verdict.figures for verdict in modules if verdict.figures is not None]
    lines = Count.together(figures.lines for figures in known)
    branches = (
        Count.together(figures.branches for figures in known if figures.branches is not None)
        if measured.with_branches
        else None
    )
    problems = (
        *_run_problems(measured, suite),
        *unfound(contract),
        *unnamed(contract),
        *_total(contract, "lines", lines),
        *_total(contract, "branches", branches),
    )
    missed = [verdict for verdict in modules if verdict.problems]
    return Judgement(
        contract=contract,
        modules=tuple(modules),
        problems=problems,
        notes=_notes(contract, measured),
        lines=lines,
        branches=branches,
        gates=gates_of(contract, missed=len(missed), problems=len(problems), suite=suite),
    )


def _module(
    contract: Contract, module: Module, measured: Measurement, suite: SuiteRun | None
) -> ModuleVerdict:
    figures = measured.files.get((contract.root / module.path).resolve())
    problems = [*_figure_problems(contract, module, figures), *_test_file_problems(contract, module, suite)]
    return ModuleVerdict(module=module, figures=figures, problems=tuple(problems))


def _figure_problems(contract: Contract, module: Module, figures: FileFigures | None) -> list[str]:
    if not (contract.root / module.path).is_file():
        return ["there is no such file"]
    if figures is None:
        # Coverage does not even list what nobody imported, where the folder has no __init__.py.
        return ["it was never measured: nothing imports it, no --cov names it, or coverage omits it"]
    if not figures.lines.total:
        return ["no line of it can be covered: it has no statements, or all of them are excluded"]
    problems = []
    if not figures.lines.reaches(contract.policy.minimum_line):
        problems.append(f"lines {figures.lines}, expected {contract.policy.minimum_line:g} %")
    # That no branches were measured at all is one problem of the run, and not one of each module.
    if figures.branches is not None and not figures.branches.reaches(contract.policy.minimum_branch):
        problems.append(f"branches {figures.branches}, expected {contract.policy.minimum_branch:g} %")
    return problems


def _test_file_problems(contract: Contract, module: Module, suite: SuiteRun | None) -> list[str]:
    problems = []
    for name in module.test_files:
        file = contract.root / name
        if not file.is_file():
            problems.append(f"its test file {name} does not exist")
        elif suite is not None and file.resolve() not in suite.ran:
            problems.append(f"no test of its test file {name} ran")
    return problems


def _run_problems(measured: Measurement, suite: SuiteRun | None) -> list[str]:
    problems = []
    if not measured.with_branches:
        problems.append(f"branches were not measured, only lines. Switch them on: {SWITCH_ON_BRANCHES}")
    if suite is not None and suite.lost:
        problems.append(
            f"what these processes have measured is lost: {', '.join(suite.lost)}. The figures are too low; "
            "see above why they ended"
        )
    return problems


def _total(contract: Contract, what: str, count: Count | None) -> list[str]:
    if count is None or not count.total or count.reaches(contract.policy.fail_under):
        return []
    return [f"all modules together: {what} {count}, expected {contract.policy.fail_under:g} %"]


def _notes(contract: Contract, measured: Measurement) -> tuple[str, ...]:
    """What was measured, and is no part of the contract."""
    named = {(contract.root / module.path).resolve() for module in contract.modules}
    targets = [(contract.root / directory).resolve() for directory in contract.directories]
    others = sorted(
        path.relative_to(contract.root).as_posix()
        for path, figures in measured.files.items()
        if path.is_relative_to(contract.root)
        and path not in named
        and figures.lines.total
        and not contract.excludes(path)
        and not any(path.is_relative_to(target) for target in targets)
    )
    if not others:
        return ()
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return (f"measured, and neither a target nor excluded: {others[0]}{more}",)
