"""The sections on isolation, in the order in which they are measured and printed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bench.isolation import long_run, per_test, restoring
from bench.isolation.yard import open_yard
from bench.places import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.figures import Section
    from bench.machine import Noise


@contextlib.contextmanager
def sections(noise: Noise, *, quick: bool) -> Iterator[dict[str, Callable[[], Section]]]:
    """What measures each section; the server that peers share runs meanwhile."""
    place = places()[0]
    rounds, few = (1, 1) if quick else (5, 3)
    with open_yard(place) as yard:
        yield {
            "isolation per test": lambda: per_test.twelve_tables(
                yard, noise, rounds=rounds, tests=3 if quick else 200
            ),
            "isolation, 60 tables": lambda: per_test.many_tables(
                yard, noise, rounds=few, tests=3 if quick else 200
            ),
            "restore": lambda: restoring.section(place, noise, rounds=rounds, times=2 if quick else 40),
            "long run": lambda: long_run.drift(yard, noise, tests=20 if quick else 10_000),
            "workers": lambda: long_run.workers(yard, noise, rounds=few, tests=4 if quick else 1_000),
        }
