"""`seatrial db mark` and `unmark`: which databases seatrial may use and erase."""

from __future__ import annotations

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


def _mark(options: argparse.Namespace) -> int:
    from seatrial.postgres.choice import mark  # noqa: PLC0415 - the driver is an extra

    for line in mark(options.url, may_be_erased=options.may_be_erased).lines():
        print(line)
    return 0


def _unmark(options: argparse.Namespace) -> int:
    from seatrial.postgres.choice import unmark  # noqa: PLC0415 - the driver is an extra

    for line in unmark(options.url).lines():
        print(line)
    return 0
