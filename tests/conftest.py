"""What every integration and end-to-end test may use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.forgetting import forget_modules
from tests.support.project import Project
from tests.support.runs import Runs

# A shell's background job ignores Ctrl-C, and so would every process that tests start and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for the whole run, shared by the workers, and nobody's outside it."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "seatrial-cache"


@pytest.fixture
def project(tmp_path: Path, shared_cache: Path) -> Iterator[Project]:
    """An empty project; what was imported of it is forgotten, since others have modules of its names."""
    root = tmp_path / "project"
    root.mkdir()
    yield Project(root=root, cache=shared_cache)
    forget_modules(root)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Start runs that are watched; after the test nothing of them may remain."""
    started = Runs(tmp_path)
    yield started
    started.close()
