"""`python -m bench`: measure everything in one run and print one report in Markdown."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cold_start, machine, per_test, places, plugin_cost, request_overhead, swap

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.figures import Section

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few rounds: shows that it works, not what it costs"
    )
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name} too")
    options = parser.parse_args()
    noise = machine.Noise()
    began = time.monotonic()
    sections = [_measured(name, section) for name, section in _sections(noise, quick=options.quick).items()]
    report = _report(sections, noise, seconds=time.monotonic() - began, quick=options.quick)
    print(report)
    if options.write:
        RESULTS.write_text(report, encoding="utf-8")


def _sections(noise: machine.Noise, *, quick: bool) -> dict[str, Callable[[], Section]]:
    few = 1 if quick else None
    return {
        "cold start": lambda: cold_start.section(few or 5, noise, places.places()[: 1 if quick else 2]),
        "per test": lambda: per_test.section(few or 5, 10 if quick else 200, noise),
        "swap": lambda: swap.section(few or 5, 3 if quick else 20, noise),
        "request": lambda: request_overhead.section(few or 9, 20 if quick else 400, noise),
        "plugin": lambda: plugin_cost.section(few or 21, noise),
    }


def _measured(name: str, section: Callable[[], Section]) -> Section:
    print(f"measuring: {name}", file=sys.stderr, flush=True)
    return section()


def _report(sections: list[Section], noise: machine.Noise, *, seconds: float, quick: bool) -> str:
    found = ", ".join(place.name for place in places.places())
    goals = [goal for section in sections for goal in section.goals]
    run = "`make bench`, with --quick (too few rounds to judge by)," if quick else "`make bench`"
    met = f"Goals met: {sum(goal.met for goal in goals)} of {len(goals)}."
    head = [
        "# What seatrial costs",
        f"Printed by {run} in one run of {seconds:.0f} s. {met}",
        "\n".join([*machine.facts(), f"- servers on {found}", *noise.lines()]),
    ]
    return "\n\n".join([*head, *(section.markdown() for section in sections)])


if __name__ == "__main__":
    main()
