"""`seatrial check`: ready-made checks alone, without pytest."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from seatrial.checks import Check, Verdict
    from seatrial.config import Settings
    from seatrial.errors import TemplateError

_FOUND = 1


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("check", help="run ready-made checks of the project's database")
    parser.add_argument("names", nargs="*", metavar="NAME", help="checks or groups; default: [checks] run")
    parser.add_argument("--database", metavar="URL", help="the server to use, or 'embedded'")
    parser.add_argument("--list", action="store_true", help="name every check, and do nothing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the checks; 1 if anything is wrong."""
    from seatrial.checks import all_checks, refuse_unknown, select  # noqa: PLC0415 - `--help` stays quick
    from seatrial.cli.project import settings_of_project  # noqa: PLC0415

    if options.list:
        _print_names(all_checks())
        return 0
    select(options.names)  # a wrong name is told before anything starts
    settings = settings_of_project()
    refuse_unknown(settings.checks.accept)
    checks = select(options.names or _declared(settings.checks.run))
    # What the template is made of may be what is wrong: whatever can do without it is done without it.
    early = [check for check in checks if not check.needs_template]
    late = [check for check in checks if check.needs_template]
    return _sum_up(
        [
            *_run(early, _without_schema(settings), described=settings, database=options.database),
            *_run(late, settings, described=settings, database=options.database),
        ]
    )


def _without_schema(settings: Settings) -> Settings:
    from seatrial.config.settings import Schema  # noqa: PLC0415 - `--help` stays quick

    if settings.database is None:
        return settings
    return replace(settings, database=replace(settings.database, schema=Schema(), seeds=()))


def _run(
    checks: Sequence[Check], settings: Settings, *, described: Settings, database: str | None
) -> list[Verdict]:
    """Run checks on a server of their own, and print what each says as soon as it does."""
    from seatrial.checks import Ground, not_done, run_check  # noqa: PLC0415 - `--help` stays quick
    from seatrial.errors import TemplateError  # noqa: PLC0415
    from seatrial.trial import Trial  # noqa: PLC0415

    if not checks:
        return []
    verdicts = []
    trial = Trial(settings, database=database)
    try:
        trial.prepare()
        ground = Ground.of_trial(trial, settings=described)
        for check in checks:
            verdicts.append(run_check(check, ground))
            _print(verdicts[-1])
    except TemplateError as error:
        verdicts = [not_done(check, error) for check in checks]
        _print_together(verdicts, error)
    finally:
        trial.close()
    return verdicts


def _declared(names: Sequence[str]) -> Sequence[str]:
    from seatrial.errors import CheckError  # noqa: PLC0415 - `--help` stays quick

    if not names:
        raise CheckError(
            "No check was named, and the settings switch none on.",
            code="checks.none",
            remedy='Name some (`seatrial check migrations`), or write run = ["database"] under '
            "[tool.seatrial.checks].",
        )
    return names


def _print_names(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.name:{width}}  {check.summary}")


def _print(verdict: Verdict) -> None:
    word = "ok" if verdict.passed else "FAILED"
    if verdict.inapplicable and verdict.passed:
        word = f"nothing to look at: {verdict.inapplicable}"
    accepted = f", {len(verdict.accepted)} accepted" if verdict.accepted else ""
    print(f"{verdict.check}: {word}{accepted} ({verdict.seconds:.1f} s)")
    for note in verdict.notes:
        print(f"  {note}")
    if verdict.findings:
        print("\n" + str(verdict) + "\n")
    sys.stdout.flush()


def _print_together(verdicts: Sequence[Verdict], error: TemplateError) -> None:
    """Checks that one fault prevents: it is told once."""
    for verdict in verdicts:
        print(f"{verdict.check}: FAILED (not done)")
    print(f"\nThe database to look at could not be made: {error}\n")
    sys.stdout.flush()


def _sum_up(verdicts: Sequence[Verdict]) -> int:
    failed = [verdict for verdict in verdicts if not verdict.passed]
    looked = [verdict for verdict in verdicts if not verdict.inapplicable]
    findings = sum(len(verdict.findings) for verdict in failed)
    print(
        f"{len(looked)} of {len(verdicts)} checks looked at something; {findings} findings in {len(failed)}."
    )
    return _FOUND if failed else 0
