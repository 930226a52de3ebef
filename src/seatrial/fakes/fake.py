"""What every fake has: its journal, its faults, and what it holds against a test."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from seatrial.errors import FakeError
from seatrial.fakes.fault_verbs import FaultVerbs
from seatrial.fakes.faults import Delay, FaultQueue
from seatrial.fakes.journal import Journal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

    from seatrial.fakes.databricks.lakebase import Upstream
    from seatrial.fakes.faults import Fault
    from seatrial.fakes.journal import Attempt, Call
    from seatrial.fakes.request import Handler, Request


_HANG = str(Delay(seconds=None))


class Fake(FaultVerbs, ABC):
    """A stand-in for one external service. Safe to use from any thread.

    Args:
        name: how tests call it: `fakes.<name>`.
        options: its table in the settings, without the keys that every fake has.
        root: the folder that relative paths in the options start from.

    Raises:
        FakeError: an option is unknown or wrong.
    """

    options: ClassVar[tuple[str, ...]] = ()
    """The options it knows."""
    advertised: ClassVar[Mapping[str, str]] = {}
    """Variables that clients of a fake alone in a process need -> the placeholders that they hold."""
    mode: ClassVar[Literal["mock", "live"]] = "mock"
    """Whether it answers itself (`mock`), or passes every call on to the real service (`live`)."""

    def __init__(
        self, name: str, *, options: Mapping[str, Any] | None = None, root: Path | None = None
    ) -> None:
        self.name = name
        self.root = root
        self.journal = Journal()
        self.faults = FaultQueue()
        self._noted = threading.Lock()
        self._unexpected: list[str] = []
        self._problems: list[str] = []
        self._check_options(options or {})

    def _check_options(self, options: Mapping[str, Any]) -> None:
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            expected = f"the options {', '.join(self.options)}" if self.options else "no options"
            raise FakeError(
                f"The fake {self.name!r} expects {expected}, found {', '.join(unknown)}.",
                code="fakes.options",
                remedy="Correct its table in [tool.seatrial.fakes].",
            )

    @abstractmethod
    def handler(self, request: Request) -> Handler | None:
        """What answers this request; None for a route that the fake does not serve."""

    def unserved(self, request: Request) -> str:
        """What a request that has no handler asked for, and what may help who reads it."""
        return f"{request.method} {request.path}"

    def error_body(self, status: int, message: str) -> Any:
        """The body of an error as this service would write it, ready for JSON."""
        return {"error": {"status": status, "message": message}}

    def pending_replies(self) -> list[str]:
        """What was scripted and not asked for, as it was written; without faults."""
        return []

    def take_fault(self, request: Request) -> Fault | None:
        """The fault that this call meets, if one is waiting; it is used up."""
        del request
        return self.faults.take()

    def part(self, part: str, *, url: str) -> str:
        """The value of a placeholder that only fakes of this kind have.

        Args:
            part: what follows the name of the fake.
            url: where the fake is.
        """
        raise KeyError(part, url)

    def connect(
        self,
        *,
        upstream: Callable[[], Upstream],
        tls: Callable[[Callable[[], None]], ssl.SSLContext],
    ) -> None:
        """Take note of the tested database, for a fake that stands before it.

        Args:
            upstream: gives it, once its address is known.
            tls: makes the context of a certificate of this run.
        """

    def go_live(self) -> None:
        """In this run the real service answers in place of the fake, which keeps what is beside its HTTP."""

    def begin(self) -> None:
        """Serve what is no HTTP; a second call does nothing."""

    def close(self) -> None:
        """Remove what the fake keeps outside of the process; the run is over."""

    def forget(self) -> None:
        """Empty the state that the fake keeps besides journal and faults."""

    async def at_end(self) -> None:
        """Close, in the loop of the server, what the fake holds open."""

    def calls(self, *, method: str | None = None, path: str | None = None) -> list[Call]:
        """The calls since the last reset; a client's repetitions of one request are one call.

        Args:
            method: only these, such as `POST`.
            path: only those of exactly this path.
        """
        return [
            call
            for call in self.journal.calls()
            if (method is None or call.method == method.upper()) and (path is None or call.path == path)
        ]

    def attempts(self) -> list[Attempt]:
        """Every HTTP request since the last reset, repetitions, refused and unexpected ones included."""
        return self.journal.attempts()

    def assert_called(
        self,
        *,
        times: int | None = None,
        attempts: int | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Fail unless there were `times` calls, in `attempts` HTTP requests.

        Without `times` one call is enough; without `attempts` any number of them is right.

        Raises:
            AssertionError: the number differs; the message lists the calls.
        """
        calls = self.calls(method=method, path=path)
        requests = sum(len(call.attempts) for call in calls)
        enough = bool(calls) if times is None else len(calls) == times
        if enough and attempts in (None, requests):
            return
        expected = "at least one call" if times is None else f"{times} call(s)"
        expected += "" if attempts is None else f" in {attempts} attempt(s)"
        where = "".join(f" {part}" for part in (method, path) if part is not None)
        listed = "".join(f"\n  {call!r}" for call in self.calls()) or "\n  (nothing was called)"
        raise AssertionError(
            f"the fake {self.name} expected {expected}{where}, found {len(calls)} in {requests} attempt(s); "
            f"it was asked:{listed}"
        )

    @property
    def unexpected(self) -> tuple[str, ...]:
        """Requests the fake does not serve, each as `METHOD /path` or with the feature it lacks."""
        with self._noted:
            return tuple(self._unexpected)

    @property
    def pending(self) -> tuple[str, ...]:
        """What was scripted and not consumed: replies first, then faults."""
        return (*self.pending_replies(), *self.faults.pending())

    def note_unexpected(self, what: str) -> None:
        """Remember a request that got a 501."""
        with self._noted:
            self._unexpected.append(what)

    def note_problem(self, what: str) -> None:
        """Remember what must fail the test."""
        with self._noted:
            self._problems.append(what)

    def note_distrust(self) -> None:
        """Remember that a client turned the certificate down."""
        self.note_problem(
            "a client did not trust its certificate: let it use the file {fakes.ca_file}, "
            "as SSL_CERT_FILE or REQUESTS_CA_BUNDLE in [tool.seatrial.env]"
        )

    def unfinished(self) -> list[Attempt]:
        """Answers that are still on their way to a client that is still there; a scripted `hang` is none."""
        return [
            attempt
            for attempt in self.attempts()
            if attempt.seconds is None and not attempt.broken and attempt.fault != _HANG
        ]

    def problems(self, *, unmet: bool = True) -> list[str]:
        """Why a test that is over must fail, if it must: calls nobody expected, answers nobody read.

        Args:
            unmet: whether to name also what was scripted and never asked for.
        """
        with self._noted:
            noted = list(self._problems)
        unexpected = [f"it was asked what it does not serve: {what}" for what in self.unexpected]
        unread = [
            f"its answer to {attempt.method} {attempt.path} was neither read to its end nor closed"
            for attempt in self.unfinished()
        ]
        left = self.pending if unmet else ()
        return [*unexpected, *noted, *unread, *(f"nothing met the scripted {entry}" for entry in left)]

    def reset(self) -> None:
        """Forget calls, replies, faults and problems, and let go of calls that hang."""
        self.forget()
        self.journal.clear()
        with self._noted:
            self._unexpected.clear()
            self._problems.clear()
        self.faults.clear()

    def application(self) -> ASGIApp:
        """The ASGI application that serves this fake; needs the extra `fakes`."""
        from seatrial.fakes.exchange import serve  # noqa: PLC0415 - the extra, and start-up time

        return serve(self)

    def __repr__(self) -> str:
        return f"<fake {self.name}: {len(self.calls())} calls, {len(self.pending)} pending>"
