"""`seatrial db`: which databases seatrial may use and erase, and a look into those it kept."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from seatrial.postgres.choice.refusal import ERASE_FLAG

if TYPE_CHECKING:
    import argparse


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    parser = commands.add_parser("db", help="databases seatrial may use")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    mark = actions.add_parser("mark", help="say that a database or server is for tests")
    mark.add_argument("url", metavar="URL")
    mark.add_argument(
        ERASE_FLAG, dest="may_be_erased", action="store_true", help="needed where the database is not empty"
    )
    mark.set_defaults(run=_mark)
    unmark = actions.add_parser("unmark", help="take that back")
    unmark.add_argument("url", metavar="URL")
    unmark.set_defaults(run=_unmark)
    up = actions.add_parser("up", help="serve the databases that --seatrial-keep has kept, until Ctrl-C")
    up.add_argument(
        "--kept",
        nargs="?",
        const="",
        required=True,
        metavar="NAME",
        help="as the run has said; or the latest",
    )
    up.set_defaults(run=_up)


def _mark(options: argparse.Namespace) -> int:
    from seatrial.postgres.choice import mark  # noqa: PLC0415 - the driver is an extra

    for line in mark(options.url, may_be_erased=options.may_be_erased).lines():
        print(line)
    return 0


def _up(options: argparse.Namespace) -> int:
    from seatrial.postgres.cache import CacheFolder  # noqa: PLC0415 - `--help` stays quick
    from seatrial.postgres.kept import KeptRun  # noqa: PLC0415

    run = KeptRun.find(CacheFolder.locate(), options.kept)
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with run.served() as commands:
            for test, command in commands.items():
                print(f"{test}\n  {command}")
            print("Ctrl-C ends it; what is changed now is not kept.", flush=True)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)


def _unmark(options: argparse.Namespace) -> int:
    from seatrial.postgres.choice import unmark  # noqa: PLC0415 - the driver is an extra

    for line in unmark(options.url).lines():
        print(line)
    return 0
