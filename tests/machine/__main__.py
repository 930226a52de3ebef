# ruff: noqa: T201 - a command that prints
"""Run programs by hand: `python -m tests.machine clones --seed 5 --programs 500`."""

from __future__ import annotations

import argparse
import faulthandler
import signal
import time

from seatrial.postgres.cache import CacheFolder
from tests.machine.driving import drive
from tests.machine.engines import ENGINES
from tests.machine.programs import Program
from tests.machine.server import MachineServer
from tests.machine.stage import Stage


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.machine")
    parser.add_argument("engine", choices=sorted(ENGINES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--program", help="one program, as a failure printed it")
    arguments = parser.parse_args()
    engine = ENGINES[arguments.engine]
    server = MachineServer.start(CacheFolder.locate())
    stage = Stage(server, engine)
    faulthandler.register(signal.SIGUSR1)
    started = time.perf_counter()
    try:
        if arguments.program is None:
            found = drive(stage, engine, number=arguments.programs, start=arguments.seed)
            print(found, f"in {time.perf_counter() - started:.1f} s", stage.engine.tally)
        else:
            stage.run(Program.parse(arguments.program))
            print("\n".join(stage.log))
    finally:
        stage.close()
        server.stop()


main()
