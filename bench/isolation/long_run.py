"""Whether tests become slower in a long run, and what a second worker gains."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.figures import Goal, Section, Table, spread
from bench.isolation import techniques
from bench.isolation.yard import UnmeasuredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.isolation.yard import Yard
    from bench.machine import Noise

DRIFT = 1.2
GAIN = 1.8
_WARM_UP = 4
_XDIST = ("-p", "xdist.plugin", "-n")
_WAYS: dict[str, tuple[str, ...]] = {
    "one process": (),
    "one worker, `-n 1`": (*_XDIST, "1"),
    "two workers, `-n 2`": (*_XDIST, "2"),
}


def drift(yard: Yard, noise: Noise, *, tests: int) -> Section:
    """One run of many tests, by tenths."""
    tenth = tests // 10
    table = Table(columns=("tests up to", *(f"{number * tenth}" for number in range(1, 11)), "last / first"))
    text = f"of {tests} tests, the last tenth takes at most {DRIFT} times the first"
    goals = []
    for technique in (techniques.PLAIN, techniques.RESET, techniques.RECIPE):
        noise.note()
        try:
            run = yard.run(technique, tests)
        except UnmeasuredError as error:
            table.rows.append((technique.name, f"not measured: {error}", *[""] * 10))
            continue
        medians = _by_tenths(run.tests(), tenth)
        growth = medians[-1] / medians[0]
        table.rows.append((technique.name, *(f"{value:.2f}" for value in medians), f"{growth:.2f}"))
        if technique is techniques.RESET:
            goals.append(Goal(text=text, found=f"{growth:.2f} times", met=growth <= DRIFT))
    return Section(
        title="A long run",
        method=f"{tests} tests in one run, as above; milliseconds of the middle test of each tenth.",
        tables=[table],
        goals=goals or [Goal(text=text, found="nothing: not measured", met=False)],
    )


_SHARED = "a worker and its server are two busy processes, and two cores have four of them, and two starts"


def workers(yard: Yard, noise: Noise, *, rounds: int, tests: int) -> Section:
    """The same suite in one process and in two workers."""
    found: dict[str, list[float]] = {name: [] for name in _WAYS}
    why_not = ""
    for number in range(tests <= _WARM_UP, rounds + 1):
        noise.note()
        for name, arguments in _WAYS.items():
            try:
                run = yard.run(
                    techniques.RESET, tests if number else _WARM_UP, body="working", arguments=arguments
                )
            except UnmeasuredError as error:
                why_not = str(error)
                continue
            if number:
                found[name].append(run.wall)
    text = f"two workers are at least {GAIN} times as fast as one process"
    table = Table(columns=("way", "seconds", "times as fast"))
    title = "Two workers"
    if why_not:
        goal = Goal(text=text, found=f"nothing: {why_not}", met=False)
        return Section(title=title, method="Not measured.", tables=[table], goals=[goal])
    one, _, two = found.values()
    gain = statistics.median(one) / statistics.median(two)
    for name, seconds in found.items():
        times = statistics.median(one) / statistics.median(seconds)
        table.rows.append((name, spread(seconds, digits=2), f"{times:.2f}"))
    return Section(
        title=title,
        method=f"{tests} tests that commit seven times and read back; whole processes, start and end "
        f"included; a server for each worker. {rounds} interleaved rounds, median [least .. most]. "
        "A worker keeps its pytest and its server busy by turns, so on two cores the second worker, "
        "the controller and both starts share what the first leaves idle.",
        tables=[table],
        goals=[Goal(text=text, found=f"{gain:.2f} times", met=gain >= GAIN, because=_SHARED)],
    )


def _by_tenths(tests: Sequence[float], tenth: int) -> list[float]:
    return [statistics.median(tests[at : at + tenth]) for at in range(0, tenth * 10, tenth)]
