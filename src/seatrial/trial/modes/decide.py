"""The mode of every fake in this run, and what the live ones need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seatrial.config.urls import split_url
from seatrial.errors import SettingsError
from seatrial.trial.modes.asked import VARIABLE, asked_modes
from seatrial.trial.modes.live_table import LiveTable, is_pinned, live_table, real_url

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from seatrial.config.settings import Settings
    from seatrial.trial.modes.asked import Asked, Mode


@dataclass(frozen=True, kw_only=True)
class Modes:
    """The modes of a run.

    Attributes:
        run: what was asked for the run as a whole.
        live: fake -> the URL of its real service, without a slash at the end.
        mocked: the names of all other fakes.
        kept: the variables whose inherited value the application gets, whatever the settings say.
        captured: the variables that decided; the processes of one run must agree about them.
    """

    run: Mode = "mock"
    live: Mapping[str, str] = field(default_factory=dict)
    mocked: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    captured: tuple[str, ...] = (VARIABLE,)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the real services."""
        return tuple(
            host for url in self.live.values() if (parts := split_url(url)) for host in parts.hosts()
        )

    def is_live(self, fakes: Collection[str] = ()) -> bool:
        """Whether all of these fakes are live; of none in particular: whether this is a live run."""
        return all(name in self.live for name in fakes) if fakes else bool(self.live) or self.run == "live"

    def is_mocked(self, fakes: Collection[str] = ()) -> bool:
        """Whether none of these fakes is live; of none in particular: whether nothing is."""
        return not any(name in self.live for name in fakes or self.live)

    def describe(self) -> str:
        """One line for people, such as `live for openai -> https://api.openai.com, mock for payments`."""
        parts = [f"live for {name} -> {url}" for name, url in self.live.items()]
        if self.mocked:
            parts.append(f"mock for {', '.join(self.mocked)}")
        return ", ".join(parts) or f"{self.run}; no fake is declared"


def decide_modes(settings: Settings, *, option: str | None, environ: Mapping[str, str]) -> Modes:
    """The mode of every declared fake: as it was named for this run, as its table pins it, as the run is.

    Args:
        settings: the validated settings.
        option: the value of `--seatrial-mode`.
        environ: the inherited environment.

    Raises:
        SettingsError: a mode is unknown, a live fake has no real service, or variables that live fakes need
            are not set; all of them are listed.
    """
    asked = asked_modes(option=option, environ=environ, fakes=settings.fakes)
    # A wrong table is told in every mode, not only on the day somebody goes live.
    tables = {name: live_table(settings, name) for name in settings.fakes}
    chosen = [name for name in settings.fakes if _mode(settings, asked, name) == "live"]
    live = _with_a_service(settings, {name: tables[name] for name in chosen})
    _refuse_missing(live, environ)
    return Modes(
        run=asked.run or "mock",
        live={name: real_url(settings, name, table, environ=environ) for name, table in live.items()},
        mocked=tuple(name for name in settings.fakes if name not in live),
        kept=tuple(dict.fromkeys(name for table in live.values() for name in table.env)),
        captured=(VARIABLE, *dict.fromkeys(name for table in live.values() for name in table.needs)),
    )


def _mode(settings: Settings, asked: Asked, fake: str) -> Mode:
    pinned = is_pinned(settings, fake)
    return asked.fakes.get(fake) or ("mock" if pinned else asked.run) or "mock"


def _with_a_service(settings: Settings, tables: Mapping[str, LiveTable | None]) -> dict[str, LiveTable]:
    without = [name for name, table in tables.items() if table is None]
    if without:
        raise SettingsError(
            f"live mode expects each fake to say where its real service is, and {', '.join(without)} "
            f"does not ({settings.source})",
            code="mode.no-service",
            remedy=f"add to its table, such as {settings.key('fakes', without[0])}: "
            'live = { url = "https://...", env = ["..._API_KEY"] }; or mode = "mock", to keep the fake',
        )
    return {name: table for name, table in tables.items() if table is not None}


def _refuse_missing(live: Mapping[str, LiveTable], environ: Mapping[str, str]) -> None:
    missing = {
        name: [variable for variable in table.needs if not environ.get(variable, "").strip()]
        for name, table in live.items()
    }
    lines = [f"  {name}: {', '.join(variables)}" for name, variables in missing.items() if variables]
    if lines:
        raise SettingsError(
            "live mode needs variables that are not set",
            code="mode.credentials",
            detail="\n".join(lines),
            remedy="set them where the tests are started; or run without live mode",
        )
