"""`seatrial fake NAME`: one fake alone, for whatever talks to its address."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrial.fakes import Fakes

_MOST_PORT = 65535


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("fake", help="serve one fake until Ctrl-C")
    parser.add_argument("name", metavar="NAME", help="a fake of this project's settings, or a built-in kind")
    parser.add_argument(
        "--port", type=_port, default=0, metavar="PORT", help="of 127.0.0.1; any free one without it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve the fake until it is interrupted; its address is the first line of output."""
    from seatrial.fakes import Fakes  # noqa: PLC0415 - `--help` stays quick

    declared, root = _find(options.name)
    fakes = Fakes({options.name: declared}, root=root)
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        fakes.listen_on(options.name, options.port)
        fakes.start()
        _tell(fakes, options.name)
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)
        fakes.stop()


def _tell(fakes: Fakes, name: str) -> None:
    print(fakes.url(name))
    if fakes.url(name).startswith("https"):
        print(f"SSL_CERT_FILE={fakes.ca_file()}")
    for variable, part in getattr(fakes, name).advertised.items():
        print(f"{variable}={fakes.part(name, part)}")
    print(f"The fake {name!r} answers there. Ctrl-C ends it.", flush=True)


def _find(name: str) -> tuple[dict[str, Any], Path]:
    """The options of the project's own fake of this name, none without one, and where paths start from."""
    from seatrial.config import find_settings, load_settings  # noqa: PLC0415 - `--help` stays quick

    file = find_settings(Path.cwd())
    if file is None:
        return {}, Path.cwd()
    settings = load_settings(file)
    return settings.fakes.get(name, {}), settings.root


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= _MOST_PORT):
        raise argparse.ArgumentTypeError(f"expected a number up to {_MOST_PORT}, found {text!r}")
    return int(text)
