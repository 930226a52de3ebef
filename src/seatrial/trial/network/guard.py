"""Refuses connections to other machines while bound tests run, and remembers them for the test."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import getproxies_environment

from seatrial.config.urls import split_url
from seatrial.errors import NetworkError
from seatrial.trial.network import hook
from seatrial.trial.network.callers import caller_of_lookup, callers
from seatrial.trial.network.machine import is_address, plain
from seatrial.trial.network.refusals import refused_connection, refused_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seatrial.trial.network.hook import Host, Watcher
    from seatrial.trial.network.machine import Reachable


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A connection that was not made."""

    place: str
    """Host and port."""
    callers: tuple[str, ...]
    """The lines that led to it, innermost first: the project's own, else those of libraries."""
    thread: str
    during: str
    """What was running."""

    def __str__(self) -> str:
        where = "\n    ".join(self.callers)
        return f"  {self.place}, in the thread {self.thread!r}, from\n    {where}{_hint(self.place)}"


class Guard:
    """Watches this process. Safe to use from any thread.

    Args:
        reachable: what is not refused.
        exempt: whether the caller, asked in its own thread and context, connects on our behalf.
    """

    def __init__(self, reachable: Reachable, *, exempt: Callable[[], bool] = lambda: False) -> None:
        self._reachable = reachable
        self._exempt = exempt
        self._attempts: list[Attempt] = []
        self.during = ""
        """What runs: the id of a test, or the start-up."""
        self._before: Watcher | None = None
        self._watching = False
        self.suspended = False
        """While somebody looks around in a debugger."""

    def watch(self, during: str) -> None:
        """Refuse from now on.

        Args:
            during: what is running, such as the id of a test.
        """
        self.during = during
        if not self._watching:
            self._before, self._watching = hook.watcher(), True
        hook.watch(self)

    @contextmanager
    def start_up(self, what: str) -> Iterator[None]:
        """Watch over something that starts, in the middle of a test or before the first.

        Raises:
            NetworkError: it tried to reach another machine.
        """
        during = self.during
        self.watch(what)
        try:
            yield
        finally:
            self.during = during or what
        if problems := self.problems(what):
            raise problems[0]

    def leave(self) -> None:
        """Let everybody go where they like."""
        if self._watching:
            self._watching = False
            hook.watch(self._before)

    @property
    def refused(self) -> int:
        """How much was refused and not told yet."""
        return len(self._attempts)

    def problems(self, what: str, *, since: int = 0) -> list[NetworkError]:
        """What was refused and not told yet, as one error or none; each place and caller once.

        Args:
            what: whose doing it was, such as `this test`.
            since: leave the first so many to somebody else, see `refused`.
        """
        attempts = list(dict.fromkeys(self._attempts[since:]))
        del self._attempts[since:]
        if not attempts:
            return []
        lines = [f"{attempt}{self._when(attempt)}" for attempt in attempts]
        return [
            NetworkError(
                f"{what} tried to reach other machines; the connections were refused, and nothing was sent",
                code="network.remote-host",
                detail="\n".join(lines),
                remedy="declare a fake for the service and put its address into [tool.seatrial.env], switch "
                "the feature off there, or list a host that is meant in tool.seatrial.allow_hosts",
            )
        ]

    def connecting(self, host: Host, port: object) -> None:
        """A socket is about to connect.

        Raises:
            ConnectionRefusedError: to another machine.
        """
        name = _text(host)
        if self._lets(name):
            return
        place = _place(name, port)
        self._note(place, callers())
        raise refused_connection(place)

    def looking_up(self, host: Host, port: object) -> None:
        """A name is about to be looked up.

        Raises:
            socket.gaierror: the name of another machine.
        """
        name = _text(host)
        if is_address(plain(name)) or self._lets(name):
            return
        place = _place(name, port)
        self._note(place, caller_of_lookup(name))
        raise refused_lookup(place)

    def _lets(self, host: str) -> bool:
        return self.suspended or self._reachable.permits(host) or self._exempt()

    def _note(self, place: str, found: list[str]) -> None:
        attempt = Attempt(
            place=place,
            callers=tuple(found),
            thread=threading.current_thread().name,
            during=self.during,
        )
        self._attempts.append(attempt)

    def _when(self, attempt: Attempt) -> str:
        return "" if attempt.during == self.during else f"\n    (after {attempt.during})"


def _text(host: Host) -> str:
    if host is None:
        return ""
    # asyncio and anyio pass names on as they travel over the wire, in IDNA.
    return host if isinstance(host, str) else bytes(host).decode("latin-1")


def _place(host: str, port: object) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _hint(place: str) -> str:
    host = place.rpartition(":")[0] or place
    for scheme, url in getproxies_environment().items():
        parts = split_url(url if "://" in url else f"http://{url}")
        if scheme != "no" and parts is not None and plain(host) in map(plain, parts.hosts()):
            return (
                f"\n    (the proxy of the variable {_spelled(f'{scheme}_proxy')}: "
                "NO_PROXY=127.0.0.1,localhost keeps calls of fakes away from it)"
            )
    return ""


def _spelled(variable: str) -> str:
    return variable.upper() if variable.upper() in os.environ else variable
