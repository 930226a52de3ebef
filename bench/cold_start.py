"""What a PostgreSQL of our own costs until it answers, against `initdb` and `pg_ctl -w start`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from bench import first_query, harbour
from bench.by_hand import server_by_hand
from bench.figures import Goal, Section, Table, spread
from bench.places import Place, working_in
from bench.swap import plan_in
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import (
    Binaries,
    EmbeddedServer,
    ReservedPort,
    ServerOptions,
    find_binaries,
    prepared_data,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.machine import Noise
    from seatrial.postgres.template import TemplatePlan

    Figures = dict[str, list[float]]

HAND = "`initdb`, `pg_ctl -w start`"
HAND_NO_SYNC = "`initdb --no-sync`, `pg_ctl -w start`"
NOTHING = "seatrial, nothing cached"
COLD = "seatrial, cold: data prepared, copied, served"
HAND_TABLES = "`initdb --no-sync`, `pg_ctl -w start`, CREATE DATABASE, 12 tables"
BUILT = "seatrial, template built: data prepared, 12 tables, saved, served"
WARM = "seatrial, warm: template cached, to the tested database"
PROCESS = "the same from a new `python`, imports and all"
SERVERS, DATABASES = (HAND, HAND_NO_SYNC, NOTHING, COLD), (HAND_TABLES, BUILT, WARM, PROCESS)
GOAL = 1 / 3
ROOT = Path(__file__).resolve().parent.parent


def measure(rounds: int, noise: Noise, place: Place) -> Figures:
    """Milliseconds from the start to the first answer of each way, one figure for each round."""
    found: Figures = {}
    with working_in(place) as root:
        bench = _Bench(root, place)
        for number in range(rounds + 1):
            noise.note()
            for name, way in bench.ways().items():
                took = way()
                if number:  # the first round fills the caches, ours and the system's
                    found.setdefault(name, []).append(took)
    return found


def section(rounds: int, noise: Noise, where: Sequence[Place]) -> Section:
    """Measure, explain, and judge."""
    found = {place.name: measure(rounds, noise, place) for place in where}
    goals = [_goal(place, figures) for place, figures in found.items()]
    return Section(
        title="From nothing to the first query",
        method="Milliseconds until the first query is answered; both sides on the same file system with the "
        f"same `postgresql.conf`; {rounds} interleaved rounds, median [least .. most], and the ratio to the "
        "first line (a third would be 0.33). Stopping is not included. Both sides create about a thousand "
        "files, which is most of the time on a disk that is slow at it.",
        tables=[_table("server", SERVERS, found), _table("database with 12 tables", DATABASES, found)],
        goals=goals,
    )


def _table(title: str, names: Sequence[str], found: dict[str, Figures]) -> Table:
    table = Table(columns=(title, *(word for place in found for word in (f"ms on {place}", "ratio"))))
    for name in names:
        cells = [name]
        for figures in found.values():
            base = statistics.median(figures[names[0]])
            cells += [spread(figures[name], digits=0), f"{statistics.median(figures[name]) / base:.2f}"]
        table.rows.append(tuple(cells))
    return table


def _goal(place: str, figures: Figures) -> Goal:
    best = min(statistics.median(figures[name]) for name in (HAND, HAND_NO_SYNC))
    share = statistics.median(figures[COLD]) / best
    return Goal(
        text=f"on {place}, a cold start takes at most a third of the faster `initdb` + `pg_ctl -w start`",
        found=f"{share:.2f}",
        met=share <= GOAL,
    )


class _Bench:
    """The ways to measure on one file system."""

    def __init__(self, root: Path, place: Place) -> None:
        self._root = root
        self._place = place
        self._binaries: Binaries = find_binaries()
        self._plan: TemplatePlan = plan_in(root)

    def ways(self) -> dict[str, Callable[[], float]]:
        """Milliseconds to the first answer."""
        return {
            HAND: lambda: self._by_hand(()),
            HAND_NO_SYNC: lambda: self._by_hand(("--no-sync",)),
            NOTHING: lambda: self._server(CacheFolder(Path(tempfile.mkdtemp(dir=self._root)))),
            COLD: lambda: self._server(CacheFolder.locate()),
            HAND_TABLES: lambda: self._by_hand(("--no-sync",), tables=True),
            BUILT: lambda: self._database(rebuild=True),
            WARM: lambda: self._database(rebuild=False),
            PROCESS: self._process,
        }

    def _by_hand(self, more: Sequence[str], *, tables: bool = False) -> float:
        with _port() as port:
            began = time.perf_counter()
            with server_by_hand(self._binaries, self._root, port, more) as server:
                ask(_with_tables(server) if tables else server)
                return _since(began)

    def _server(self, cache: CacheFolder) -> float:
        with _port() as port:
            began = time.perf_counter()
            server = EmbeddedServer.start(
                source=prepared_data(self._binaries, cache),
                binaries=self._binaries,
                port=port.port,
                options=ServerOptions(),
            )
            try:
                ask(server.admin_dsn())
                return _since(began)
            finally:
                server.stop()

    def _database(self, *, rebuild: bool) -> float:
        began = time.perf_counter()
        with first_query.answered(self._plan, rebuild=rebuild):
            return _since(began)

    def _process(self) -> float:
        began = time.perf_counter()
        command = [sys.executable, "-m", first_query.__name__, str(self._root)]
        command += [str(self._place.folder)] * self._place.shared_memory
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None  # a pipe was asked for
            answer = process.stdout.readline()
            took = _since(began)
        if answer != f"{first_query.ANSWER}\n":
            raise RuntimeError(f"the process ended with status {process.returncode} and no answer")
        return took


def ask(server: str) -> None:
    """The first query."""
    with psycopg.connect(server) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def _with_tables(server: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create database tested")
    tested = psycopg.conninfo.make_conninfo(server, dbname="tested")
    with psycopg.connect(tested) as connection:
        connection.execute(harbour.SCHEMA.encode())
    return tested


@contextmanager
def _port() -> Iterator[ReservedPort]:
    port = ReservedPort.reserve()
    try:
        yield port
    finally:
        port.release()


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
