"""What coverage.py has measured, as lines and branches of each file.

The figures are read from coverage's JSON report: a documented format with a version, in which the exclusions,
plugins and path mappings of the project's own configuration are applied already.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from contextlib import chdir
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from coverage import Coverage


@dataclass(frozen=True)
class Count:
    """How many of how many were covered."""

    covered: int
    total: int

    def reaches(self, minimum: float) -> bool:
        """Whether at least `minimum` percent are covered; of nothing, all is."""
        return self.covered * 100 >= minimum * self.total

    @property
    def ratio(self) -> float:
        """From 0 to 1; 1 where there is nothing to cover."""
        return self.covered / self.total if self.total else 1.0

    def __str__(self) -> str:
        # Rounded down: 89.96 % misses 90 %, and must not be shown as it.
        percent = floor(self.covered * 1000 / self.total) / 10 if self.total else 100.0
        return f"{percent:.1f} %"

    @classmethod
    def together(cls, counts: Iterable[Count]) -> Count:
        """The sum."""
        every = list(counts)
        return cls(sum(count.covered for count in every), sum(count.total for count in every))


@dataclass(frozen=True, kw_only=True)
class FileFigures:
    """What is known of one measured file.

    Args:
        lines: of its statements, those that ran.
        branches: of the ways out of its lines that have several, those that were taken; None if not measured.
        missing_lines: the lines that never ran.
        missing_branches: from which line to which; a negative one leaves the function that begins there.
        excluded: how many lines are left out by comments such as `pragma: no cover`, or by the configuration.
    """

    lines: Count
    branches: Count | None
    missing_lines: tuple[int, ...]
    missing_branches: tuple[tuple[int, int], ...]
    excluded: int


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Everything that was measured, by the resolved path of the file."""

    files: Mapping[Path, FileFigures]
    with_branches: bool


def open_data(data_file: Path | None, *, folder: Path) -> Coverage:
    """Coverage's data of an earlier run.

    Args:
        data_file: the file; None for the one of the project's configuration, `.coverage` by default.
        folder: the folder of the project, in which coverage finds its configuration.

    Raises:
        ContractError: coverage is not installed, there is no such file, or it holds no data.
    """
    coverage = _coverage()
    with chdir(folder):
        try:
            opened: Coverage = coverage.Coverage(**({"data_file": str(data_file)} if data_file else {}))
            file = (
                Path(str(opened.get_option("run:data_file"))).absolute() if data_file is None else data_file
            )
            if not file.is_file():
                raise _no_data(file)
            opened.load()
        except coverage.CoverageException as error:
            raise _unusable(error) from error
    return opened


def measure(coverage: Coverage, *, folder: Path) -> Measurement:
    """What `coverage` has measured.

    Args:
        coverage: with its data loaded, and no longer measuring.
        folder: the folder that its relative names begin at.

    Raises:
        ContractError: there is no data, or coverage cannot tell what is in it.
    """
    report = _json_report(coverage, folder)
    with_branches = bool(report["meta"]["branch_coverage"])
    return Measurement(
        files={
            (folder / name).resolve(): _figures(found, with_branches=with_branches)
            for name, found in report["files"].items()
        },
        with_branches=with_branches,
    )


def _json_report(coverage: Coverage, folder: Path) -> dict[str, Any]:
    library = _coverage()
    # A file that cannot be parsed is left out with a warning: it will count as not measured.
    with tempfile.TemporaryDirectory() as made, warnings.catch_warnings(), chdir(folder):
        warnings.simplefilter("ignore")
        target = Path(made) / "coverage.json"
        try:
            coverage.json_report(outfile=str(target), ignore_errors=True, show_contexts=False)
        except library.CoverageException as error:
            raise _unusable(error) from error
        report: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return report


def _figures(found: dict[str, Any], *, with_branches: bool) -> FileFigures:
    summary = found["summary"]
    branches = Count(summary["covered_branches"], summary["num_branches"]) if with_branches else None
    return FileFigures(
        lines=Count(summary["covered_lines"], summary["num_statements"]),
        branches=branches,
        missing_lines=tuple(found["missing_lines"]),
        missing_branches=tuple((start, end) for start, end in found.get("missing_branches", ())),
        excluded=summary["excluded_lines"],
    )


def _coverage() -> Any:
    try:
        import coverage  # noqa: PLC0415 - an extra, and start-up time
    except ImportError as error:
        raise ContractError(
            "Judging a coverage contract needs coverage, which is not installed.",
            code="contracts.extra",
            remedy='pip install "seatrial[contracts]"',
        ) from error
    return coverage


def _no_data(file: Path) -> ContractError:
    parts = sorted(part.name for part in file.parent.glob(f"{file.name}.*"))
    if parts:
        return ContractError(
            f"{file} does not exist; {len(parts)} parts of it do, such as {parts[0]}.",
            code="contracts.no-data",
            remedy="Run `coverage combine` first.",
        )
    return ContractError(
        f"Expected the data of a run at {file}, found no such file.",
        code="contracts.no-data",
        remedy="Run pytest with --cov and --cov-branch, or name the file with --data-file.",
    )


def _unusable(error: Exception) -> ContractError:
    return ContractError(
        f"coverage cannot tell what was measured: {' '.join(str(error).split())}",
        code="contracts.unusable-data",
        remedy="Measure anew: pytest with --cov and --cov-branch.",
    )
