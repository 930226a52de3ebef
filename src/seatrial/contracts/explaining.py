"""A judgement as text: a short table, worst first, and what to do about what misses its targets."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from seatrial.contracts.ranges import branches_text, lines_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seatrial.contracts.judging import Judgement, ModuleVerdict
    from seatrial.contracts.measuring import Count, FileFigures
    from seatrial.contracts.model import Module

_ROWS = 12
"""How many modules a table shows at least; those with a problem it always does."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A judgement in lines.

    Args:
        table: what was measured.
        failures: what is wrong, and what to do about it; empty where nothing is.
        end: notes, and what became of the gates.
    """

    table: tuple[str, ...]
    failures: tuple[str, ...]
    end: tuple[str, ...]


def explain(judgement: Judgement) -> Explanation:
    """Tell a judgement."""
    failures = [line for verdict in judgement.modules if verdict.problems for line in _module(verdict)]
    failures += [f"{judgement.contract.name}: {problem}" for problem in judgement.problems]
    return Explanation(
        table=tuple(_table(judgement)),
        failures=tuple(failures),
        end=(
            *(f"note: {note}" for note in judgement.notes),
            *(f"gate {gate}" for gate in judgement.gates),
        ),
    )


def _table(judgement: Judgement) -> Iterator[str]:
    policy = judgement.contract.policy
    yield (
        f"{judgement.contract.name}: each module {policy.minimum_line:g} % of its lines and "
        f"{policy.minimum_branch:g} % of its branches, all together {policy.fail_under:g} %"
    )
    failed = sum(bool(verdict.problems) for verdict in judgement.modules)
    shown = judgement.modules[: max(failed, _ROWS)]
    rows = [("module", "lines", "branches", "excluded")]
    rows += [_row(verdict) for verdict in shown]
    if len(judgement.modules) > len(shown):
        rows.append((f"and {len(judgement.modules) - len(shown)} more that reach their targets", "", "", ""))
    rows.append(_all(judgement))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield "  ".join((*padded, row[3])).rstrip()
    if judgement.contract.reports.terminal == "missing-lines":
        yield from _missing_of_good_ones(shown)


def _row(verdict: ModuleVerdict) -> tuple[str, str, str, str]:
    name, figures = verdict.module.path, verdict.figures
    if figures is None:
        return (name, "not measured", "not measured", "")
    excluded = "1 line" if figures.excluded == 1 else f"{figures.excluded} lines" if figures.excluded else ""
    return (name, _cell(figures.lines), _branches(figures.branches), excluded)


def _all(judgement: Judgement) -> tuple[str, str, str, str]:
    return ("all together", _cell(judgement.lines), _branches(judgement.branches), "")


def _cell(count: Count) -> str:
    return f"{count} ({count.covered}/{count.total})"


def _branches(count: Count | None) -> str:
    if count is None:
        return "not measured"
    return _cell(count) if count.total else "full (it has none)"


def _missing_of_good_ones(shown: Iterable[ModuleVerdict]) -> Iterator[str]:
    for verdict in shown:
        figures = verdict.figures
        if not verdict.problems and figures is not None:
            parts = [*_lines_missing(figures), *_branches_missing(figures)]
            if parts:
                yield f"{verdict.module.path}: {'; '.join(parts)}"


def _module(verdict: ModuleVerdict) -> Iterator[str]:
    module, figures = verdict.module, verdict.figures
    yield f"{module.path}: {'; '.join(verdict.problems)}"
    if figures is not None:
        for part in (*_lines_missing(figures), *_branches_missing(figures)):
            yield f"  {part}"
    for what, texts in (
        ("critical paths", module.critical_paths),
        ("edge cases", module.edge_cases),
        ("critical operations", module.critical_operations),
    ):
        if texts:
            yield f"  {what}: {'; '.join(texts)}"
    yield f"  test files: {', '.join(module.test_files)}"
    yield f"  next: {_command(module)}"


def _lines_missing(figures: FileFigures) -> list[str]:
    if not figures.missing_lines:
        return []
    if not figures.lines.covered:
        return [f"it was never imported: none of its {figures.lines.total} lines ran"]
    return [f"lines that never ran: {lines_text(figures.missing_lines)}"]


def _branches_missing(figures: FileFigures) -> list[str]:
    if not figures.lines.covered:
        return []
    text = branches_text(figures.missing_branches, unreached=frozenset(figures.missing_lines))
    return [f"branches that were never taken: {text}"] if text else []


def _command(module: Module) -> str:
    files = " ".join(quote(file) for file in module.test_files)
    return f"pytest {files} --cov={quote(module.directory)} --cov-branch --cov-report=term-missing"
