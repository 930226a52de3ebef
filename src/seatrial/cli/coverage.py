"""`seatrial coverage`: data of an earlier run, held against the project's coverage contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from seatrial.config import Settings
    from seatrial.contracts import Contract

_BROKEN = 1


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("coverage", help="hold measured coverage against coverage-targets.yaml")
    parser.add_argument(
        "--data-file", metavar="PATH", help="what coverage has measured; default: as coverage is configured"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge the data; 1 if a blocking gate failed."""
    from seatrial.cli.project import settings_of_project  # noqa: PLC0415 - `--help` stays quick
    from seatrial.contracts import explain, judge, measure, open_data, write_reports  # noqa: PLC0415

    settings = settings_of_project()
    contract = _contract(settings)
    data_file = Path(options.data_file).absolute() if options.data_file else None
    coverage = open_data(data_file, folder=settings.root)
    judgement = judge(contract, measure(coverage, folder=settings.root))
    told = explain(judgement)
    print("\n".join([*told.table, *told.failures, *told.end]))
    print("note: only data was read, so tests that failed, were skipped or did not run are not judged")
    for path in write_reports(contract, coverage, folder=settings.root):
        print(f"written: {path}")
    return 0 if judgement.passed else _BROKEN


def _contract(settings: Settings) -> Contract:
    from seatrial.contracts import load_contract  # noqa: PLC0415 - `--help` stays quick
    from seatrial.errors import ContractError  # noqa: PLC0415

    if settings.contracts is None:
        raise ContractError(
            f"{settings.source} names no coverage contract.",
            code="contracts.none",
            remedy=f'Write file = "contracts/coverage-targets.yaml" under [{settings.key("contracts")}].',
        )
    return load_contract(settings.root / settings.contracts.file, root=settings.root)
