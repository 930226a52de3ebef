"""The commands and their options, in one place."""

from __future__ import annotations

import argparse

from seatrial import __version__
from seatrial.cli import audit, check, coverage, db, fake, run


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; every command sets `run`."""
    parser = argparse.ArgumentParser(
        prog="seatrial", description="Integration tests with the real application on a real database."
    )
    parser.add_argument("--version", action="version", version=f"seatrial {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    run.add_to(commands)
    db.add_to(commands)
    fake.add_to(commands)
    check.add_to(commands)
    audit.add_to(commands)
    coverage.add_to(commands)
    return parser
