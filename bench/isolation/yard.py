"""Where suites are built and run: one server for all peers, a real pytest process for each run."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from bench import timing_plugin
from bench.isolation.suites.models import TABLES
from bench.isolation.suites.server import COUNT, SERVER
from bench.places import Place, working_in
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.isolation.techniques import Technique

ROOT = Path(__file__).resolve().parents[2]
SUITES = Path(__file__).with_name("suites")
TWELVE = 12
_LIMIT_S = 600.0
_USER = "peers"


class UnmeasuredError(Exception):
    """A technique that could not be measured here, and why, in one line."""


@dataclass(frozen=True)
class Run:
    """One run of a suite."""

    began: list[float]
    """When each test began, in seconds."""
    wall: float
    """Seconds of the whole process."""

    @property
    def mean(self) -> float:
        """Milliseconds per test; the first test pays for the start, the last for the end."""
        return (self.began[-1] - self.began[1]) / (len(self.began) - 2) * 1000

    @property
    def median(self) -> float:
        """Milliseconds of the middle test."""
        return statistics.median(self.tests()[1:])

    def tests(self) -> list[float]:
        """Milliseconds of each test but the last, in order."""
        return [(later - earlier) * 1000 for earlier, later in pairwise(self.began)]


@dataclass
class Yard:
    """A folder for suites, and the server that all but ours share."""

    root: Path
    server: str
    _written: set[Path] = field(default_factory=set)

    def run(
        self,
        technique: Technique,
        tests: int,
        *,
        tables: int = TWELVE,
        body: str | None = None,
        arguments: Sequence[str] = (),
    ) -> Run:
        """Run `tests` tests.

        Args:
            technique: how they get their database.
            tests: how many, at least three.
            tables: of the schema.
            body: another file of `suites/bodies`.
            arguments: further ones for pytest. With `-n` no test is timed, only the whole.

        Raises:
            UnmeasuredError: the suite failed, or what it needs is not installed.
        """
        if technique.needs and not importlib.util.find_spec(technique.needs):
            raise UnmeasuredError(f"{technique.needs} is not installed here; `make bench` installs it")
        body = body or technique.body
        folder = self._suite(technique, body, tables)
        timing = folder / "timing.json"
        timed = () if "-n" in arguments else ("-p", timing_plugin.__name__)
        environment = {
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT),
            timing_plugin.OUTPUT: str(timing),
            SERVER: self.server,
            COUNT: str(tests),
            TABLES: str(tables),
        }
        command = (*_PYTEST, *_plugins(technique), *timed, *technique.arguments, *arguments)
        began = time.perf_counter()
        _call(command, folder, environment)
        wall = time.perf_counter() - began
        return Run(json.loads(timing.read_text(encoding="utf-8")) if timed else [], wall)

    def _suite(self, technique: Technique, body: str, tables: int) -> Path:
        kind = technique.settings.rpartition("\n")[2].split('"')[-2] if technique.settings else "peer"
        folder = self.root / f"{technique.conftest}-{kind}-{body}-{tables}"
        if folder not in self._written:
            folder.mkdir()
            shutil.copy(SUITES / f"{technique.conftest}.py", folder / "conftest.py")
            shutil.copy(SUITES / "bodies" / f"{body}.py", folder / "test_suite.py")
            (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
            if technique.settings:
                (folder / "pyproject.toml").write_text(_settings(technique, tables), encoding="utf-8")
            self._written.add(folder)
        return folder


@contextlib.contextmanager
def open_yard(place: Place) -> Iterator[Yard]:
    """Start the shared server in `place`: same binaries, settings and file system as ours."""
    with working_in(place) as root:
        binaries = find_binaries()
        port = ReservedPort.reserve()
        source = prepared_data(binaries, CacheFolder.locate())
        server = EmbeddedServer.start(
            source=source, binaries=binaries, port=port.port, options=ServerOptions()
        )
        try:
            # As ours, peers come over TCP with a password.
            with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
                admin.execute(f"CREATE ROLE {_USER} LOGIN SUPERUSER PASSWORD '{_USER}'".encode())
            url = f"postgresql+psycopg://{_USER}:{_USER}@127.0.0.1:{port.port}/postgres"
            yield Yard(root, url)
        finally:
            server.stop()
            port.release()


_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def _plugins(technique: Technique) -> tuple[str, ...]:
    return ("-p", "seatrial.plugin" if technique.settings else "no:seatrial")


def _settings(technique: Technique, tables: int) -> str:
    # A variable of [tool.seatrial.env] is a part of the template's fingerprint.
    return f"""
[tool.seatrial.env]
DATABASE_URL = "{{database.url:{technique.driver}}}"
{TABLES} = "{tables}"
[tool.seatrial.database]
{technique.settings}
"""


def _call(command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        raise UnmeasuredError(f"not done after {_LIMIT_S:.0f} s") from None
    if done.returncode:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])  # the report has room for one line
        raise UnmeasuredError(
            _first_error((done.stdout + done.stderr).replace(f"{folder}/", "").splitlines())
        )


def _first_error(lines: Sequence[str]) -> str:
    errors = [line for line in lines if line.startswith(("E  ", "ERROR", "Error"))]
    return (errors or [line for line in lines if line.strip()] or ["it failed and said nothing"])[0].strip()
