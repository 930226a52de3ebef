"""Where the service of a fake is: `live = { url = "https://api.openai.com", env = ["OPENAI_API_KEY"] }`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.config.table import Table
from seatrial.config.templates import Placeholder, parse
from seatrial.config.urls import split_url
from seatrial.errors import SettingsError
from seatrial.trial.environment import names_a_database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.settings import Settings

_VARIABLE = re.compile(r"\$(\w+)")


@dataclass(frozen=True, kw_only=True)
class LiveTable:
    """The table `live` of a fake, as written.

    Attributes:
        url: an http or https URL, or `$` and the name of a variable that holds one.
        env: the variables that hold the credentials.
    """

    url: str
    env: tuple[str, ...]

    @property
    def variable(self) -> str | None:
        """The variable that holds the URL, where one does."""
        match = _VARIABLE.fullmatch(self.url)
        return match[1] if match else None

    @property
    def needs(self) -> tuple[str, ...]:
        """Every variable that a live run needs."""
        return (self.variable, *self.env) if self.variable else self.env


def is_pinned(settings: Settings, fake: str) -> bool:
    """Whether the table of a fake says `mode = "mock"`; a live run is asked for each time, never here."""
    return "mode" in _table(settings, fake) and (
        _table(settings, fake).choice("mode", ("mock",), default="mock") == "mock"
    )


def live_table(settings: Settings, fake: str) -> LiveTable | None:
    """The table `live` of a fake, checked.

    Raises:
        SettingsError: a key is unknown or of another type, the URL is none, or a variable is a database's.
    """
    table = _table(settings, fake).table("live")
    if table is None:
        return None
    table.only("url", "env")
    found = LiveTable(url=table.required_text("url").strip(), env=table.texts("env"))
    if found.variable is None:
        _check_url(found.url, table.key("url") + f" in {settings.source}")
    for position, name in enumerate(found.env):
        if names_a_database(name) or _is_of_a_database(settings, name):
            raise table.error(
                f"env[{position}]",
                f"{name} leads to the test database; its inherited value must not come back.",
                code="settings.bad-value",
                remedy="Name only variables that hold credentials of the real service.",
            )
    return found


def real_url(settings: Settings, fake: str, live: LiveTable, *, environ: Mapping[str, str]) -> str:
    """The URL of the real service, without a slash at the end.

    A variable that `[tool.seatrial.env]` makes of the fake's URL and something around it is taken apart in
    the same way: of `https://host/v1` and `{fakes.openai.url}/v1` follows `https://host`.

    Raises:
        SettingsError: the variable holds no such URL. Its value is not shown: it may hold a password.
    """
    if live.variable is None:
        return live.url.rstrip("/")
    before, after = _around(settings, live.variable, fake)
    value = environ[live.variable].strip().rstrip("/")
    if not (value.startswith(before) and value.endswith(after)):
        raise _error(
            live.variable,
            f"does not have the form of tool.seatrial.env.{live.variable}, {before}...{after}",
        )
    url = value.removeprefix(before).removesuffix(after).rstrip("/")
    _check_url(url, live.variable)
    return url


def _table(settings: Settings, fake: str) -> Table:
    return Table(settings.fakes[fake], path=settings.key("fakes", fake), file=settings.source)


def _around(settings: Settings, variable: str, fake: str) -> tuple[str, str]:
    match parse(settings.env.get(variable, "")):
        case [Placeholder(name=name), *after] if _is_text(name, fake, after):
            return "", "".join(map(str, after)).rstrip("/")
        case [str(before), Placeholder(name=name), *after] if _is_text(name, fake, after):
            return before, "".join(map(str, after)).rstrip("/")
    return "", ""


def _is_text(name: str, fake: str, after: list[str | Placeholder]) -> bool:
    return name == f"fakes.{fake}.url" and all(isinstance(part, str) for part in after)


def _is_of_a_database(settings: Settings, variable: str) -> bool:
    return any(
        isinstance(part, Placeholder) and part.name.partition(".")[0] in ("database", "databases")
        for part in parse(settings.env.get(variable, ""))
    )


def _check_url(url: str, where: str) -> None:
    parts = split_url(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.location:
        raise _error(where, "is no http or https URL")
    if parts.user is not None or parts.query or parts.fragment:
        raise _error(where, "holds more than scheme, host, port and path")


def _error(where: str, problem: str) -> SettingsError:
    return SettingsError(
        f"{where} names the real service, and {problem}.",
        code="mode.url",
        remedy="Give a URL such as https://api.example.com; credentials go into variables, listed as env.",
    )
