"""The `seatrial` command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status.

    Errors of seatrial's own are told in full on standard error and give status 2.
    """
    from seatrial.cli.parser import make_parser  # noqa: PLC0415 - `import seatrial.cli` stays free
    from seatrial.errors import SeatrialError  # noqa: PLC0415

    options = make_parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except SeatrialError as error:
        print(f"seatrial: {error}", file=sys.stderr)
        return 2
    return status
