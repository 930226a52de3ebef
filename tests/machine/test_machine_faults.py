"""The proof that the machine can fail: every fault planted into the engine is caught by a few programs."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

import pytest

from tests.machine.driving import drive
from tests.machine.engines import ENGINES
from tests.machine.faults import FAULTS
from tests.machine.stage import Stage

pytestmark = [
    pytest.mark.machine,
    pytest.mark.timeout(600),
    # An engine with a fault in it may also forget to close what it opened.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SHARE = FAULTS if "MACHINE_CHUNKS" in os.environ else FAULTS[::6]
"""`make test-machine` plants all of them, `make test` every sixth."""


@pytest.mark.parametrize("fault", SHARE, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault, machine_server, monkeypatch):
    fault.plant(monkeypatch)
    engine = replace(ENGINES["wal"], lacking=fault.lacking)
    stage = Stage(machine_server, engine)
    try:
        with contextlib.suppress(AssertionError):
            drive(stage, engine, number=fault.programs, start=0, shrink=False)
    finally:
        monkeypatch.undo()
        stage.close()
    assert stage.leaks, f"{fault.programs} programs did not notice it"
