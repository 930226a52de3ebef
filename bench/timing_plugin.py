"""A pytest plugin that writes when tests began: a test costs the time to the beginning of the next."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

OUTPUT = "BENCH_TIMING"
_began: list[float] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Note the beginning of a test, before any other plugin's part in it."""
    _began.append(time.perf_counter())
    return (yield)


def pytest_sessionfinish() -> None:
    """Write the beginnings, in seconds."""
    Path(os.environ[OUTPUT]).write_text(json.dumps(_began), encoding="utf-8")
