"""The proof that the machine can fail: every fault planted into the engine is caught by a few programs."""

from __future__ import annotations

import contextlib

import pytest

from tests.machine.driving import drive
from tests.machine.engines import ENGINES
from tests.machine.faults import FAULTS
from tests.machine.stage import Stage

pytestmark = [pytest.mark.machine, pytest.mark.timeout(600)]
PROGRAMS = 150


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault, machine_server, monkeypatch):
    fault.plant(monkeypatch)
    stage = Stage(machine_server, ENGINES["wal"])
    try:
        with contextlib.suppress(AssertionError):
            drive(stage, ENGINES["wal"], number=PROGRAMS, start=0, shrink=False)
    finally:
        monkeypatch.undo()
        stage.close()
    assert stage.leaks, f"{PROGRAMS} programs did not notice it"
