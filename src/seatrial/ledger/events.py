"""What a ledger is made of. One event is one line of JSON with the event's `kind` and fields.

Every `at` is seconds since the run line of the same process; every `ms` is a duration in milliseconds. What
refers to a test has its node id, or None for what happened outside of every test: while the application
started, between tests, after the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, TypeAlias

FORMAT = 1
"""The version of the form of the file. It rises when a reader of an older form could misread a newer one."""

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "interrupted"]
Phase = Literal["setup", "call", "teardown"]
By = Literal["application", "test", "db"]
"""Who sent a statement: the application, the test with a connection or session, or the test's handle `db`."""
PutBack = Literal["untouched", "in place", "fresh copy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A process begins to record; what follows it, up to the next one, is of that process."""

    kind: ClassVar[str] = "run"
    format: int = FORMAT
    worker: str
    """`main`, or pytest-xdist's name of the worker."""
    started: float
    """Seconds since 1970, UTC."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of seatrial, Python, the server and what else is known by name."""
    settings: dict[str, str] = field(default_factory=dict)
    """Those that decide what the figures mean: engine, isolation, transport, mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test is over, teardown included."""

    __test__ = False
    kind: ClassVar[str] = "test"
    id: str
    file: str
    """Relative to pytest's root folder, with slashes."""
    outcome: Outcome
    phase: Phase
    """The phase that decided the outcome."""
    assertions: int | None
    """How many it executed between setup and teardown; None where they were not counted."""
    at: float
    ms: float
    isolation: str | None = None
    """`reset`, `clone`, `rollback` or `none`; None for a test that does not use seatrial's database."""
    put_back: PutBack | None = None
    """What had to be done before it, because of the tests before; None where nothing was looked at."""
    put_back_ms: float | None = None
    """What this test waited for that."""
    worker: str = ""
    """Filled in by the reader, as it is for every other event that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request of a seatrial client to the application, and what came back."""

    kind: ClassVar[str] = "exchange"
    id: str
    """Unique in the merged file."""
    test: str | None
    phase: Phase | None
    identity: str | None
    """The user's or identity's name; None for a client that speaks as nobody."""
    credentials: tuple[str, ...] = ()
    """The names of request headers that carry credentials, in lower case; never their values."""
    method: str
    path: str
    """With its query; what looks like a secret in it reads `***`."""
    route: str | None = None
    """The framework's template, such as `/orders/{id}`; None where it tells none."""
    status: int | None
    """None: there was no answer."""
    error: str | None = None
    """The type of what the client raised instead of, or while reading, an answer."""
    request_type: str | None = None
    response_type: str | None = None
    """Content types, without parameters."""
    request_bytes: int | None = None
    response_bytes: int | None = None
    """Sizes of the bodies; None for a request whose body was streamed."""
    request_body: str | None = None
    response_body: str | None = None
    """The `id` of a body; None where there is none, it is no text, or it was left out (see `Gap`)."""
    at: float
    ms: float
    """Until the last byte of the answer was read."""
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement that a driver of this process sent to a database."""

    kind: ClassVar[str] = "statement"
    test: str | None
    phase: Phase | None
    exchange: str | None
    """The exchange it was sent for, if it was sent for one."""
    by: By
    driver: str
    """`psycopg`, `asyncpg`, `psycopg2`, or what SQLAlchemy's dialect names."""
    sql: str
    """The `id` of its text."""
    parameters: int = 0
    """How many values went with it; their content is not recorded."""
    values: str | None = None
    """Tells sets of values apart in one process, and nothing else of them; None where there are none."""
    times: int | None = 1
    """How many sets of values went with it (`executemany`); None: not known."""
    rows: int | None = None
    """Rows read or changed, where the driver tells."""
    failed: str | None = None
    """The type of the error it raised."""
    at: float
    ms: float
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """A call of the application to a fake; a client's repetitions of one request are one call."""

    kind: ClassVar[str] = "outbound"
    test: str | None
    fake: str
    method: str
    path: str
    """Without the query."""
    status: int | None
    """Of the last attempt; None: none was sent."""
    attempts: int
    ms: float | None = None
    """All attempts together; None: one of them was not over."""
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """The text of statements, once in a file however often it was sent."""

    kind: ClassVar[str] = "sql"
    id: str
    text: str
    """Redacted, and cut after 16 kB."""
    names: tuple[tuple[str, ...], ...] = ()
    """Every name in the whole text that could be one of a relation, each with the names before its dots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The text of a body, once in a file however often it was sent."""

    kind: ClassVar[str] = "body"
    id: str
    text: str
    """Redacted."""
    cut: bool = False
    """Whether it was longer than 16 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The relations of the tested database: tables, views, materialised views, foreign tables."""

    kind: ClassVar[str] = "catalogue"
    relations: tuple[tuple[str, str], ...]
    """Schema and name; on SQLite the schema is `main`."""
    server: str = ""
    """What serves it, with its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that belongs into the ledger is not in it."""

    kind: ClassVar[str] = "gap"
    what: str
    test: str | None = None
    worker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A process has written everything it had to write."""

    kind: ClassVar[str] = "end"
    at: float


Event: TypeAlias = Run | Test | Exchange | Statement | Outbound | Sql | Body | Catalogue | Gap | End
_KINDS: dict[str, type[Event]] = {
    kind.kind: kind for kind in (Run, Test, Exchange, Statement, Outbound, Sql, Body, Catalogue, Gap, End)
}
_NAMES = {kind: tuple(f.name for f in fields(kind) if f.name != "worker") for kind in _KINDS.values()}
_NAMES[Run] = ("worker", *_NAMES[Run])


def to_values(event: Event) -> dict[str, Any]:
    """An event as plain values for JSON; None and empty ones are left out."""
    values: dict[str, Any] = {"kind": event.kind}
    for name in _NAMES[type(event)]:
        value = getattr(event, name)
        if value is not None and value not in ((), {}):
            values[name] = value
    return values


def from_values(values: dict[str, Any]) -> Event:
    """The inverse of `to_values`; fields that this version does not know are left out.

    Raises:
        ValueError: it is no event, or lacks a field that was never optional.
    """
    kind = _KINDS.get(str(values.get("kind")))
    if kind is None:
        raise ValueError(f"no event of the kind {values.get('kind')!r} is known")
    # None was left out on the way; whether a field may be None is decided by its annotation.
    given = {f.name: values.get(f.name) for f in fields(kind) if f.name in values or "None" in str(f.type)}
    try:
        return kind(**{name: _frozen(value) for name, value in given.items()})
    except TypeError as error:
        raise ValueError(f"an event of the kind {kind.kind!r} is not complete") from error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
