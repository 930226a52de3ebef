"""`seatrial audit`: whether the tests can fail."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from seatrial.audit.mutations.choosing import Suite
    from seatrial.audit.mutations.mutant import Mutant
    from seatrial.audit.mutations.outcome import Outcome
    from seatrial.audit.mutations.runner import Runner
    from seatrial.config import Settings
    from seatrial.postgres.catalog import Catalog

_SURVIVED = 1
_PROCESSES = 4


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("audit", help="prove that the tests can fail")
    parser.add_argument(
        "--mutations",
        action="store_true",
        required=True,
        help="take each policy, trigger, constraint, index, default away once, and see which test fails",
    )
    parser.add_argument("--only", metavar="PATTERN", default="*", help="only mutants with such names")
    parser.add_argument("--list", action="store_true", help="name every mutant, and run no test on them")
    parser.add_argument("-n", type=int, dest="processes", metavar="N", help="processes; default: one a core")
    parser.add_argument("arguments", nargs="*", metavar="ARG", help="tests, and after -- options, of pytest")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show every mutant to the tests; 1 if one survives that may not."""
    from seatrial.audit.mutations.choosing import Suite  # noqa: PLC0415 - `--help` stays quick
    from seatrial.audit.mutations.first_run import first_run  # noqa: PLC0415
    from seatrial.audit.mutations.runner import starting  # noqa: PLC0415
    from seatrial.cli.project import settings_of_project  # noqa: PLC0415
    from seatrial.postgres.catalog import Catalog  # noqa: PLC0415

    settings = settings_of_project()
    start = starting(options.arguments, folder=Path.cwd())
    with ExitStack() as stack:
        runner = start()
        stack.callback(runner.close)
        catalog = Catalog.from_json(runner.ready.catalog)
        mutants = _chosen(catalog, options.only)
        if options.list:
            print("\n".join(mutant.name for mutant in mutants))
            return 0
        print(f"seatrial: {len(mutants)} mutants; the tests run once without any ...", flush=True)
        ledger = first_run(options.arguments, folder=Path.cwd())
        suite = Suite.of_ledger(ledger, catalog, compares=settings.audit.compare_schemas)
        runners = [runner, *(start() for _ in range(_wanted(options.processes, mutants) - 1))]
        return _hunt(suite, mutants, runners, start, settings=settings, partial=options.only != "*")


def _hunt(
    suite: Suite,
    mutants: list[Mutant],
    runners: list[Runner],
    start: Callable[[], Runner],
    *,
    settings: Settings,
    partial: bool,
) -> int:
    from seatrial.audit.mutations.hunting import Hunt  # noqa: PLC0415 - `--help` stays quick
    from seatrial.audit.mutations.summary import line, summary  # noqa: PLC0415
    from seatrial.audit.mutations.verdict import judge  # noqa: PLC0415

    _say_what_runs(suite, len(runners))
    began = time.perf_counter()
    outcomes: list[Outcome] = []
    for outcome in Hunt(suite, start).all(mutants, runners):
        outcomes.append(outcome)
        print(line(outcome), flush=True)
    outcomes.sort(key=lambda outcome: mutants.index(outcome.mutant))
    verdict = judge(outcomes, settings.audit.survivors, partial=partial)
    print()
    print("\n".join(summary(outcomes, verdict)))
    print(f"{time.perf_counter() - began:.1f} s")
    return 0 if verdict.passed else _SURVIVED


def _say_what_runs(suite: Suite, processes: int) -> None:
    seconds = sum(suite.seconds.values())
    print(f"seatrial: {len(suite.seconds)} tests, {seconds:.1f} s; processes for the mutants: {processes}")
    if suite.comparing:
        print("seatrial: these look at definitions in the server, which is no proof of behaviour:")
        for test in sorted(suite.comparing):
            print(f"  {test}")


def _chosen(catalog: Catalog, pattern: str) -> list[Mutant]:
    from fnmatch import fnmatchcase  # noqa: PLC0415 - `--help` stays quick

    from seatrial.audit.mutations.making import mutants_of  # noqa: PLC0415
    from seatrial.errors import AuditError  # noqa: PLC0415

    mutants = mutants_of(catalog)
    if len(mutants) <= 1 and not mutants[0].statements:
        raise AuditError(
            "The template has no table: there is nothing to take away.",
            code="mutations.no-tables",
            remedy="Say under [tool.seatrial.database] where the schema comes from; tables that the "
            "application makes when it starts are not in the template.",
        )
    chosen = [mutant for mutant in mutants if fnmatchcase(mutant.name, pattern)]
    if not chosen:
        raise AuditError(
            f"No mutant has a name like {pattern!r}.",
            code="mutations.none",
            remedy="`seatrial audit --mutations --list` names them all.",
        )
    return chosen


def _wanted(processes: int | None, mutants: list[Mutant]) -> int:
    return max(1, min(processes or min(os.cpu_count() or 1, _PROCESSES), len(mutants)))
