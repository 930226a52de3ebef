"""`python -m bench`: measure and print a report in Markdown, one chapter for each part."""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
import time
import traceback
from typing import TYPE_CHECKING

from bench import (
    chapters,
    cold_start,
    example as example_suite,
    machine,
    places,
    plugin_cost,
    request_overhead,
    swap,
)
from bench.figures import Goal, Section
from bench.isolation import report as isolation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Sections = dict[str, Callable[[], Section]]


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *_PARTS], help="what to measure; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="few rounds: shows that it works, not what it costs"
    )
    parser.add_argument(
        "--write", action="store_true", help=f"put the chapters into {chapters.RESULTS.name} too"
    )
    options = parser.parse_args()
    for part in options.part or _PARTS:
        chapter = _chapter(part, quick=options.quick)
        print(chapter, flush=True)
        if options.write:
            chapters.write(chapter)


@contextlib.contextmanager
def _overhead(noise: machine.Noise, *, quick: bool) -> Iterator[Sections]:
    few = 1 if quick else None
    yield {
        "cold start": lambda: cold_start.section(few or 5, noise, places.places()[: 1 if quick else 2]),
        "swap": lambda: swap.section(few or 5, 3 if quick else 20, noise),
        "request": lambda: request_overhead.section(few or 9, 20 if quick else 400, noise),
        "plugin": lambda: plugin_cost.section(few or 21, noise),
    }


@contextlib.contextmanager
def _examples(noise: machine.Noise, *, quick: bool) -> Iterator[Sections]:
    rounds = 1 if quick else 5
    yield {
        example.folder: functools.partial(example_suite.section, example, rounds, noise, quick=quick)
        for example in (example_suite.PLANT, example_suite.DATABRICKS_APP)
    }


_PARTS = {
    "overhead": ("What seatrial costs", _overhead),
    "isolation": ("What isolation costs", isolation.sections),
    "examples": ("What a suite takes", _examples),
}


def _chapter(part: str, *, quick: bool) -> str:
    title, sections = _PARTS[part]
    noise = machine.Noise()
    began = time.monotonic()
    with sections(noise, quick=quick) as measuring:
        measured = [_measured(name, section) for name, section in measuring.items()]
    return chapters.render(
        title, f"make bench PARTS={part}", measured, noise, seconds=time.monotonic() - began, quick=quick
    )


def _measured(name: str, section: Callable[[], Section]) -> Section:
    """The section; where it fails, one that says so: minutes of other figures are worth keeping."""
    print(f"measuring: {name}", file=sys.stderr, flush=True)
    try:
        return section()
    except Exception as error:  # noqa: BLE001 - reported, and a missed goal
        traceback.print_exc()
        failed = Goal(text=f"{name} can be measured", found=f"{type(error).__name__}: {error}", met=False)
        return Section(title=f"Not measured: {name}", method="", tables=[], goals=[failed])


if __name__ == "__main__":
    main()
