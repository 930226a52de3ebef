"""Random programs against every engine: after each reset the database equals its baseline.

`make test` runs a few, always the same ones and as many that nobody ran before; `make test-machine` runs ten
thousand. What a failure prints runs again with `python -m tests.machine`.
"""

from __future__ import annotations

import os
import secrets

import pytest

from tests.machine.driving import drive
from tests.machine.engines import ENGINES

pytestmark = [pytest.mark.machine, pytest.mark.timeout(3600)]
# A chunk has a data tree of its own: hypothesis never repeats a program within one.
CHUNKS = int(os.environ.get("MACHINE_CHUNKS", "1"))
PROGRAMS = int(os.environ.get("MACHINE_PROGRAMS", "40"))
REFERENCE_SHARE = 4
"""Copies for every reset prove the machine, not the engine: they run a fraction of the programs."""


def number_for(name):
    return PROGRAMS if ENGINES[name].in_place else max(PROGRAMS // REFERENCE_SHARE, 1)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", sorted(ENGINES))
def test_programs_that_never_change(name, chunk, stage):
    found = drive(stage, ENGINES[name], number=number_for(name), start=chunk)
    found.check(ENGINES[name])


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", sorted(ENGINES))
def test_programs_that_nobody_ran_before(name, chunk, stage):
    start = secrets.randbits(32)
    number = number_for(name)
    try:
        drive(stage, ENGINES[name], number=number, start=start).check(ENGINES[name])
    except BaseException as failure:
        failure.add_note(f"again: python -m tests.machine {name} --seed {start} --programs {number}")
        raise
