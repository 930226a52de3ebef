"""What isolation costs each test of a suite, over the same number of tests without a database."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import harbour, timing_plugin
from bench.figures import Section, Table, ratio, spread
from bench.places import Place, places, working_in
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data

if TYPE_CHECKING:
    from bench.machine import Noise

ROOT = Path(__file__).resolve().parent.parent
PLAIN = "plain pytest, no database"
SHARED = "the statements alone, one database for all"
HAND = "by hand: CREATE DATABASE ... TEMPLATE and DROP"
OURS = "seatrial, `reset` (a fresh clone)"
SUITES = (PLAIN, SHARED, HAND, OURS)


@dataclass(frozen=True)
class _Suite:
    folder: Path
    plugin: str


def measure(rounds: int, tests: int, noise: Noise, place: Place) -> dict[str, list[float]]:
    """Milliseconds per test of each suite, one figure for each round; tests 2 to n-1 count."""
    found: dict[str, list[float]] = {name: [] for name in SUITES}
    with working_in(place) as root:
        suites = _write(root, tests)
        binaries = find_binaries()
        port = ReservedPort.reserve()
        server = EmbeddedServer.start(
            source=prepared_data(binaries, CacheFolder.locate()),
            binaries=binaries,
            port=port.port,
            options=ServerOptions(),
        )
        try:
            for suite in suites.values():
                _run(suite, server.admin_dsn())  # builds the template, fills the caches
            for _ in range(rounds):
                noise.note()
                for name, suite in suites.items():
                    found[name].append(_run(suite, server.admin_dsn()))
        finally:
            server.stop()
            port.release()
    return found


def section(rounds: int, tests: int, noise: Noise) -> Section:
    """Measure and explain."""
    place = places()[0]
    found = measure(rounds, tests, noise, place)
    plain = statistics.median(found[PLAIN])
    table = Table(columns=("suite", "ms per test", "over plain pytest", "share of by hand"))
    for name, values in found.items():
        over = statistics.median(values) - plain
        table.rows.append(
            (name, spread(values, digits=2), f"{over:.2f}", f"{ratio(values, found[HAND]):.2f}")
        )
    return Section(
        title="A test's own database",
        method=f"{tests} tests with INSERT, COMMIT and SELECT through SQLAlchemy on 12 tables, servers on "
        f"{place.name} with equal settings; {rounds} interleaved rounds, mean of tests 2 to {tests - 1}, "
        "median [least .. most] of the rounds. A new connection per test where databases are replaced.",
        tables=[table],
    )


def _write(root: Path, tests: int) -> dict[str, _Suite]:
    texts = {
        PLAIN: ("", harbour.PLAIN_TESTS),
        SHARED: (harbour.SHARED_CONFTEST, harbour.TESTS),
        HAND: (harbour.HAND_CONFTEST, harbour.TESTS),
        OURS: (harbour.SEATRIAL_CONFTEST, harbour.TESTS),
    }
    suites = {}
    for number, (name, (conftest, body)) in enumerate(texts.items()):
        folder = harbour.write(
            root / f"suite-{number}", conftest=conftest, tests=body, count=tests, settings=name == OURS
        )
        suites[name] = _Suite(folder, "seatrial.plugin" if name == OURS else "no:seatrial")
    return suites


def _run(suite: _Suite, server: str) -> float:
    """Milliseconds per test."""
    timing = suite.folder / "timing.json"
    plugins = ("-p", suite.plugin, "-p", timing_plugin.__name__, "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins],
        cwd=suite.folder,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT),
            timing_plugin.OUTPUT: str(timing),
            "BENCH_SERVER": server,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the measured suite failed:\n{done.stdout}{done.stderr}")
    began = json.loads(timing.read_text(encoding="utf-8"))
    # The first test pays for the start, the last for the end.
    return float((began[-1] - began[1]) / (len(began) - 2) * 1000)
