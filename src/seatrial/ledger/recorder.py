"""Recording what happens in one process, while it happens."""

from __future__ import annotations

import hashlib
import itertools
import time
from typing import TYPE_CHECKING, NamedTuple

from seatrial.ledger.events import (
    Body,
    By,
    Catalogue,
    End,
    Event,
    Exchange,
    Gap,
    Outbound,
    Phase,
    Run,
    Sql,
    Statement,
    Test,
)
from seatrial.ledger.identifiers import names_in
from seatrial.ledger.redaction import Redactor
from seatrial.ledger.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from seatrial.ledger.events import Outcome, PutBack

_TEST_CAP = 262_144
"""Bytes of bodies that are kept for one test."""
_TEXTS = 4_096
"""Texts of statements that are recognised without looking at them again."""


class Sender(NamedTuple):
    """Who sends statements here and now."""

    by: By
    exchange: int | None = None
    """The number of the exchange, in this process."""


class Restored(NamedTuple):
    """How the running test got its database."""

    isolation: str
    put_back: PutBack | None
    ms: float


class Answer(NamedTuple):
    """The end of an exchange as its client saw it."""

    status: int | None
    content_type: str = ""
    body: bytes = b""
    """At least its first 32 kB."""
    size: int = 0
    plain: bool = True
    """Whether the body is as its content type says: not compressed."""
    error: str | None = None


class Call(NamedTuple):
    """A request as its client sent it."""

    method: str
    path: str
    query: str
    content_type: str
    credentials: tuple[str, ...]
    body: bytes | None
    """None: it was streamed."""
    identity: str | None
    keeps_body: bool = True
    """False where the whole body is a credential: that of a login."""


class Recorder:
    """Writes the events of one process. Everything may be called from any thread.

    Args:
        descriptor: of the open file; see `LedgerFiles.descriptor`.
        worker: the name of the process.
    """

    def __init__(self, descriptor: int, *, worker: str = "main") -> None:
        self._writer = Writer(descriptor)
        self._worker = worker
        self._redactor = Redactor()
        self._test: str | None = None
        self.phase: Phase | None = None
        """In which phase the running test is; None between tests."""
        self._restored: Restored | None = None
        self._kept = 0
        self._left_out = 0
        self._texts: dict[str, str] = {}
        self._written: set[str] = set()
        self._unfinished: dict[int, Callable[[], None]] = {}
        self._strays = itertools.count(1)

    @property
    def failure(self) -> OSError | None:
        """Why the ledger is not complete, if writing it failed."""
        return self._writer.failure

    # --- the run -----------------------------------------------------------------------------------------

    def begin(self, *, versions: Mapping[str, str], settings: Mapping[str, str]) -> None:
        """Write the line that all times count from."""
        run = Run(
            worker=self._worker,
            started=round(time.time() - self._writer.now(), 3),
            versions=dict(versions),
            settings=dict(settings),
        )
        self._writer.begin(run)

    def catalogue(self, relations: Iterable[tuple[str, str]], *, server: str = "") -> None:
        """Tell which relations there are, and on which server."""
        self._writer.add(Catalogue(relations=tuple(sorted(relations)), server=server))

    def gap(self, what: str) -> None:
        """Tell that something cannot be recorded."""
        self._writer.add(Gap(what=what, test=self._test))

    def close(self) -> None:
        """Write the end; nothing is recorded after it."""
        self._finish_exchanges()
        self._writer.add(End(at=self._writer.now()))
        self._writer.close()

    # --- tests -------------------------------------------------------------------------------------------

    def begin_test(self, test: str) -> None:
        """What happens from now on belongs to this test."""
        self._test, self.phase, self._restored = test, "setup", None
        self._kept = self._left_out = 0

    def restored(self, isolation: str, put_back: PutBack | None, seconds: float) -> None:
        """The running test has got its database.

        Args:
            isolation: in which way the test is isolated.
            put_back: what had to be done.
            seconds: what the test waited for it.
        """
        self._restored = Restored(isolation, put_back, round(seconds * 1000, 3))

    def end_test(
        self, *, file: str, outcome: Outcome, phase: Phase, assertions: int | None, seconds: float
    ) -> None:
        """The running test is over; what was recorded so far is safe from now on.

        Args:
            file: relative to pytest's root folder.
            outcome: what pytest says of it.
            phase: which phase decided that.
            assertions: how many it executed; None where they are not counted.
            seconds: setup, call and teardown together.
        """
        self._finish_exchanges()
        test, restored = self._test, self._restored
        assert test is not None  # it was begun
        if self._left_out:
            self.gap(
                f"{self._left_out} bodies were left out: this test has more than {_TEST_CAP} bytes of them"
            )
        self._writer.add(
            Test(
                id=test,
                file=file,
                outcome=outcome,
                phase=phase,
                assertions=assertions,
                at=round(self._writer.now() - seconds, 4),
                ms=round(seconds * 1000, 3),
                isolation=restored.isolation if restored else None,
                put_back=restored.put_back if restored else None,
                put_back_ms=restored.ms if restored else None,
            )
        )
        self._test = self.phase = None
        self._writer.flush()

    # --- what happens in them ----------------------------------------------------------------------------

    def credentials(self, values: Iterable[str]) -> None:
        """These texts are secrets from now on, wherever they appear."""
        self._redactor.learn(values)

    def opened(self, key: int, finish: Callable[[], None]) -> None:
        """An answer is being read; it is finished with the test at the latest, read or not."""
        self._unfinished[key] = finish

    def finished(self, key: int) -> None:
        """An answer was read to its end, or closed."""
        self._unfinished.pop(key, None)

    def exchange(
        self, call: Call, answer: Answer, *, number: int | None, route: str | None, began: float
    ) -> None:
        """Record an exchange that is over.

        Args:
            call: the request.
            answer: what came back.
            number: the application's number for it; None where it never got there.
            route: the template of its path.
            began: when, by `time.perf_counter`.
        """
        sent = self._body(call.body if call.keeps_body else None, call.content_type, plain=True)
        received = self._body(answer.body, answer.content_type, plain=answer.plain)
        self._writer.add(
            Exchange(
                id=self._exchange_id(number),
                test=self._test,
                phase=self.phase,
                identity=call.identity,
                credentials=call.credentials,
                method=call.method,
                path=self._redactor.target(call.path, call.query),
                route=route,
                status=answer.status,
                error=answer.error,
                request_type=call.content_type or None,
                response_type=answer.content_type or None,
                request_bytes=None if call.body is None else len(call.body),
                response_bytes=None if answer.status is None else answer.size,
                request_body=sent,
                response_body=received,
                at=round(began - self._writer.began, 4),
                ms=_ms_since(began),
            )
        )

    def statement(
        self,
        text: str,
        *,
        sender: Sender,
        driver: str,
        began: float,
        parameters: int = 0,
        values: str | None = None,
        times: int | None = 1,
        rows: int | None = None,
        failed: BaseException | None = None,
    ) -> None:
        """Record a statement that is over; see the fields of `Statement`."""
        statement = Statement(
            test=self._test,
            phase=self.phase,
            exchange=None if sender.exchange is None else self._exchange_id(sender.exchange),
            by=sender.by,
            driver=driver,
            sql=self._texts.get(text) or self._text(text),
            parameters=parameters,
            values=values,
            times=times,
            rows=rows,
            failed=type(failed).__name__ if failed is not None else None,
            at=round(began - self._writer.began, 4),
            ms=_ms_since(began),
        )
        self._writer.add(statement)

    def outbound(
        self, *, fake: str, method: str, path: str, status: int | None, attempts: int, seconds: float | None
    ) -> None:
        """Record a call to a fake; see the fields of `Outbound`."""
        self._writer.add(
            Outbound(
                test=self._test,
                fake=fake,
                method=method,
                path=self._redactor.text(path),
                status=status,
                attempts=attempts,
                ms=None if seconds is None else round(seconds * 1000, 3),
            )
        )

    def _exchange_id(self, number: int | None) -> str:
        return f"{self._worker}-{number}" if number is not None else f"{self._worker}-x{next(self._strays)}"

    def _text(self, text: str) -> str:
        """The id of a statement's text, which is written if it is new."""
        key = _digest(text.encode("utf-8", "replace"))
        if len(self._texts) >= _TEXTS:
            self._texts.clear()
        self._texts[text] = key
        shown, _ = self._redactor.capped(text)
        self._once(Sql(id=key, text=shown, names=names_in(text)))
        return key

    def _body(self, body: bytes | None, content_type: str, *, plain: bool) -> str | None:
        """The id of a body, which is written if it is new; None if it is not kept."""
        if not body or not plain or not _is_text(content_type):
            return None
        key = _digest(body)
        if key in self._written:
            return key
        shown, cut = self._redactor.capped(body.decode("utf-8", "replace"))
        if self._kept + len(shown) > _TEST_CAP:
            self._left_out += 1
            return None
        self._kept += len(shown)
        self._once(Body(id=key, text=shown, cut=cut))
        return key

    def _once(self, event: Sql | Body) -> None:
        def make() -> tuple[Event, ...]:
            if event.id in self._written:
                return ()
            self._written.add(event.id)
            return (event,)

        self._writer.add_from(make)

    def _finish_exchanges(self) -> None:
        while self._unfinished:
            _, finish = self._unfinished.popitem()
            finish()


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _is_text(content_type: str) -> bool:
    # Not multipart/form-data: the value of a field in it cannot be told from a secret by its looks.
    kind, _, detail = content_type.partition("/")
    return kind == "text" or detail in _TEXT_TYPES or detail.endswith(("+json", "+xml"))


_TEXT_TYPES = frozenset(
    {"json", "xml", "x-www-form-urlencoded", "javascript", "graphql", "x-ndjson", "yaml", "problem+json"}
)
