"""What the figures depend on: the machine, the versions, and how busy it was meanwhile."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from seatrial.postgres.server import find_binaries

_PACKAGES = ("seatrial", "psycopg", "httpx2", "fastapi", "starlette", "sqlalchemy", "pytest")
_BUSY = 1.25


class Noise:
    """A fixed amount of Python work, timed again and again: shows how busy the machine was."""

    def __init__(self) -> None:
        self.loops: list[float] = []
        self.load_before = load()

    def note(self) -> None:
        """Time the loop once more, in milliseconds."""
        began = time.perf_counter()
        total = 0
        for number in range(1_000_000):
            total += number & 7
        self.loops.append((time.perf_counter() - began) * 1000)

    def lines(self) -> list[str]:
        """For the report."""
        least, middle = min(self.loops), statistics.median(self.loops)
        verdict = "quiet" if middle / least < _BUSY else "busy: compare ratios, not milliseconds"
        figures = f"best {least:.0f} ms, median {middle:.0f} ms, worst {max(self.loops):.0f} ms"
        return [
            f"- load average before {self.load_before}, after {load()}",
            f"- calibration loop, {len(self.loops)} times: {figures} ({verdict})",
        ]


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def facts() -> list[str]:
    """One Markdown line for each fact."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    return [
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- {processor()}, {usable_cores()} cores, {memory:.0f} GiB memory",
        f"- {platform.system()} {platform.release()} {platform.machine()}",
        f"- {python}, PostgreSQL {find_binaries().version}, {versions}",
    ]


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def processor() -> str:
    """The name of the processor."""
    source = Path("/proc/cpuinfo")
    if source.exists():
        for line in source.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
