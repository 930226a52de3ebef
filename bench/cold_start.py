"""What a PostgreSQL of our own costs, against `initdb` and `pg_ctl`, on one file system, same settings.

Run as `python -m bench.cold_start [rounds]`. Every round measures all sides, one after the other, from
nothing to the answer of the first query and to the end of the server.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data
from seatrial.postgres.server.identity import program_environment
from seatrial.postgres.server.options import ADMIN_ROLE, HBA, render
from seatrial.postgres.server.runs import run_roots

BASELINE = "initdb + pg_ctl"
BASELINE_NO_SYNC = "initdb --no-sync + pg_ctl"
COLD = "ours, nothing cached"
WARM = "ours, data prepared"
FIRST_ROUNDS = 1


def measure(rounds: int = 7) -> dict[str, list[float]]:
    """Milliseconds from start to the first answer, and (as `... + stop`) to the end of the server.

    Each list has one figure per round; the first, unmeasured round fills the system's file cache.
    """
    binaries = find_binaries()
    figures: dict[str, list[float]] = {}
    shared = Path(tempfile.mkdtemp(prefix="seatrial-bench-", dir=_place()))
    before = os.environ.get("SEATRIAL_CACHE")
    os.environ["SEATRIAL_CACHE"] = str(shared / "cache")
    try:
        prepared_data(binaries, CacheFolder.locate())
        for number in range(FIRST_ROUNDS + rounds):
            for name, (answer, end) in {
                BASELINE: _usual(binaries, shared, []),
                BASELINE_NO_SYNC: _usual(binaries, shared, ["--no-sync"]),
                COLD: _ours(binaries, CacheFolder(Path(tempfile.mkdtemp(dir=shared)))),
                WARM: _ours(binaries, CacheFolder(shared / "cache")),
            }.items():
                if number >= FIRST_ROUNDS:
                    figures.setdefault(name, []).append(answer)
                    figures.setdefault(f"{name} + stop", []).append(end)
    finally:
        if before is None:
            del os.environ["SEATRIAL_CACHE"]
        else:
            os.environ["SEATRIAL_CACHE"] = before
        shutil.rmtree(shared, ignore_errors=True)
    return figures


def _place() -> Path:
    """The file system on which our servers run."""
    return run_roots()[0].parent


def _ask(dsn):
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def _ours(binaries, cache):
    port = ReservedPort.reserve()
    began = time.perf_counter()
    server = EmbeddedServer.start(
        source=prepared_data(binaries, cache), binaries=binaries, port=port.port, options=ServerOptions()
    )
    _ask(server.admin_dsn())
    answered = time.perf_counter()
    server.stop()
    ended = time.perf_counter()
    port.release()
    return (answered - began) * 1000, (ended - began) * 1000


def _usual(binaries, shared, options):
    """What a hand-written fixture does, with our settings."""
    folder = Path(tempfile.mkdtemp(dir=shared))
    port = ReservedPort.reserve()
    data = folder / "data"
    control = ["-D", str(data), "-w", "-s", "-l", str(folder / "log")]
    began = time.perf_counter()
    _run(
        binaries.bin / "initdb",
        "-D",
        data,
        "-U",
        ADMIN_ROLE,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        *options,
    )
    text = render(
        options=ServerOptions(), major=binaries.major, port=port.port, socket_dir=folder, control_path=None
    )
    (data / "postgresql.conf").write_text(text)
    (data / "pg_hba.conf").write_text(HBA)
    _run(binaries.bin / "pg_ctl", "start", *control)
    _ask(f"host={folder} port={port.port} user={ADMIN_ROLE} dbname=postgres")
    answered = time.perf_counter()
    _run(binaries.bin / "pg_ctl", "stop", *control[:4], "-m", "fast")
    shutil.rmtree(folder)
    ended = time.perf_counter()
    port.release()
    return (answered - began) * 1000, (ended - began) * 1000


def _run(*command):
    # PostgreSQL refuses root, so root runs the programs as our launcher does: in a user namespace.
    enter = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.getuid() == 0 else []
    subprocess.run(
        [*enter, *map(str, command)],
        check=True,
        env=program_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def main() -> None:
    """Print medians, and ratios to the first line of their kind."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    figures = measure(rounds)
    print(f"milliseconds on {_place()}, {rounds} rounds: median [least..most], share of `{BASELINE}`")
    for name, values in figures.items():
        base = figures[f"{BASELINE} + stop" if name.endswith("+ stop") else BASELINE]
        median = statistics.median(values)
        share = median / statistics.median(base)
        print(f"{name:36}{median:9.1f} [{min(values):.1f}..{max(values):.1f}]{share:9.2f}")


if __name__ == "__main__":
    main()
