"""What a run was asked for: `--seatrial-mode` or `TEST_MODE`, as `live` or `openai=live,payments=mock`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from seatrial.config.names import suggest
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

VARIABLE = "TEST_MODE"
OPTION = "--seatrial-mode"

Mode = Literal["mock", "live"]
_SERVED: dict[str, Mode] = {"mock": "mock", "live": "live"}
_UNSERVED = ("record", "replay")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The modes that were asked for.

    Attributes:
        run: the mode of every fake that is not named; None where nobody said.
        fakes: the modes of the fakes that are named.
    """

    run: Mode | None = None
    fakes: Mapping[str, Mode] = field(default_factory=dict)


def asked_modes(*, option: str | None, environ: Mapping[str, str], fakes: Collection[str]) -> Asked:
    """Read the option, or where it is not given the variable.

    A `TEST_MODE` in which nothing is ours belongs to the application.

    Args:
        option: the value of `--seatrial-mode`.
        environ: the inherited environment.
        fakes: the names of the declared fakes.

    Raises:
        SettingsError: a mode or a fake is unknown, is named twice, or a mode is not served.
    """
    if option is not None:
        return _read(option, said=OPTION, fakes=fakes)
    value = environ.get(VARIABLE, "")
    if any(_is_ours(name, word, fakes) for name, word in _pieces(value)):
        return _read(value, said=VARIABLE, fakes=fakes)
    return Asked()


def _pieces(text: str) -> list[tuple[str, str]]:
    """Each piece as the fake it names, empty for the whole run, and its word."""
    pieces = []
    for piece in text.split(","):
        name, equals, word = piece.partition("=")
        pieces.append((name.strip() if equals else "", (word if equals else name).strip().lower()))
    return pieces


def _is_ours(name: str, word: str, fakes: Collection[str]) -> bool:
    return name in fakes or word in _SERVED or word in _UNSERVED


def _read(text: str, *, said: str, fakes: Collection[str]) -> Asked:
    modes: dict[str, Mode] = {}
    for name, word in _pieces(text):
        if name in modes:
            raise _wrong(said, f"names {name or 'the mode of the run'!r} twice", "Name it once.")
        if name and name not in fakes:
            raise _wrong(said, f"names the fake {name!r}, which is not declared", suggest(name, fakes))
        modes[name] = _mode(word, said=said)
    run = modes.pop("", None)
    return Asked(run=run, fakes=modes)


def _mode(word: str, *, said: str) -> Mode:
    if word in _UNSERVED:
        raise SettingsError(
            f"{said} asks for {word!r}, and this version of seatrial serves the modes 'mock' and 'live' only",
            code="mode.not-served",
            remedy=f"set {said} to 'mock' or 'live', or do without it",
        )
    if word not in _SERVED:
        raise _wrong(said, f"asks for {word!r}, which is no mode", suggest(word, _SERVED))
    return _SERVED[word]


def _wrong(said: str, problem: str, remedy: str) -> SettingsError:
    return SettingsError(
        f"{said} expects a mode, such as live, or modes of fakes, such as openai=live,payments=mock; it "
        f"{problem}",
        code="mode.unknown",
        remedy=remedy,
    )
