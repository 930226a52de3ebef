"""The words for what a test left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import LeakError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seatrial.postgres.leaks import Held, Statement

_ENDED = "its session was ended, so the next test does not meet it"
_LONGEST_QUERY = 300


def held(what: Held, *, by: str, opened: Sequence[str], threads: Sequence[str] = ()) -> LeakError:
    """The error for something a session holds.

    Args:
        what: what it is.
        by: who left it: ``this test``, or a fixture.
        opened: where, innermost first; empty where nobody knows.
        threads: those the test started that live on: one of them may run the statement.
    """
    if what.kind == "prepared":
        return LeakError(
            f"{by} left the prepared transaction {what.mark!r}",
            code="leak.prepared-transaction",
            detail=f"  of role {what.user}, prepared {_age(what)}",
            remedy="COMMIT PREPARED or ROLLBACK PREPARED before the test ends; this one was rolled back",
        )
    detail = "\n".join([*_session(what), *_opened(opened)])
    if what.kind == "lock":
        return LeakError(
            f"{by} left a session with an advisory lock",
            code="leak.session-lock",
            detail=detail,
            remedy="unlock it (pg_advisory_unlock), or take it for one transaction (pg_advisory_xact_lock); "
            + _ENDED,
        )
    if what.kind == "statement":
        return LeakError(
            f"{by} left a statement running",
            code="leak.running-statement",
            detail="\n".join([detail, *(f"  still alive: {thread}" for thread in threads)]),
            remedy=f"wait for it, or cancel it, before the test ends; {_ENDED}",
        )
    return LeakError(
        f"{by} left a transaction open",
        code="leak.open-transaction",
        detail=detail,
        remedy=f"commit, roll back or close it, in the test or in the fixture that opened it; {_ENDED}",
    )


def checked_out(pool: str, *, opened: Sequence[str]) -> LeakError:
    """The error for a connection that was not given back to its pool."""
    return LeakError(
        "this test did not give a connection back to its pool",
        code="leak.checked-out",
        detail="\n".join([f"  pool: {pool}", *_opened(opened)]),
        remedy="close it, or take it with a `with` block; it was taken back, so the pool is whole again",
    )


def at_work(threads: Iterable[str], statements: Iterable[Statement]) -> LeakError:
    """The error for a thread that used the database after its test was over."""
    lines = [f"  {thread}" for thread in threads]
    lines += [f"  after the end, session {done.pid}: {_short(done.text)}" for done in statements]
    return LeakError(
        "this test left a thread at work, and the database was used after the test's end",
        code="leak.thread-at-work",
        detail="\n".join(lines),
        remedy="join it before the test ends; its sessions were ended, but nobody can end a thread",
    )


def environment(changed: Mapping[str, str]) -> LeakError:
    """The error for environment variables; their values are not told."""
    return LeakError(
        "this test changed the environment and did not put it back",
        code="leak.changed-environment",
        detail="\n".join(f"  {name} was {how}" for name, how in changed.items()),
        remedy="use monkeypatch.setenv; the variables have their values of before the test again",
    )


def _session(what: Held) -> list[str]:
    origin = f" from port {what.port}" if what.port and what.port > 0 else ""
    name = f", application_name {what.application!r}" if what.application else ""
    age = f", for {what.seconds:.1f} s" if what.seconds is not None else ""
    lines = [f"  session {what.pid} of role {what.user}{origin}{name}: {what.state}{age}"]
    if what.kind == "lock":
        lines.append(f"  lock: {_lock(what.mark)}")
    return [*lines, f"  latest statement: {_short(what.query or '')}"]


def _lock(mark: str) -> str:
    high, low, form, mode = mark.split()
    # Form 1 is the one 64-bit key, in two halves; form 2 are two 32-bit keys.
    key = str((int(high) << 32) | int(low)) if form == "1" else f"{high}, {low}"
    return f"{mode} on ({key})"


def _opened(places: Sequence[str]) -> list[str]:
    if not places:
        return ["  opened at: not known, since the library that opened it does not tell"]
    return ["  opened at:", *(f"    {place}" for place in places)]


def _age(what: Held) -> str:
    return "some time ago" if what.seconds is None else f"{what.seconds:.1f} s ago"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUERY else line[:_LONGEST_QUERY] + " ..."
