"""Whether appends that happen at once make one chain."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.checks.audit import functions
from seatrial.checks.audit.answers import Answer
from seatrial.checks.audit.chain import false_alarm
from seatrial.checks.audit.entries import broken_links, by_chain, read_entries
from seatrial.checks.audit.filling import oversee, see_all
from seatrial.checks.audit.gate import Gate
from seatrial.checks.audit.trails import chain_of, trails_of
from seatrial.checks.finding import Finding, Inapplicable, Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from seatrial.checks.audit.trails import Trail
    from seatrial.checks.ground import Ground, Scratch

_PROCESSES = 2
"""What holds within one process only, a lock in its memory, does not hold."""
_EACH = 5
_ROUNDS = 2
"""The first may find an empty table, where there is no row to lock; the second never does."""


def concurrent(ground: Ground) -> Iterator[Finding | Note]:
    """Ten appends at once, of two processes, make one chain, and none of them is lost.

    All sessions are held before they commit until each has written, or waits for another. So it does not
    depend on chance whether they meet.
    """
    with ground.copy() as scratch, scratch.connect() as admin:
        trails = trails_of(ground, admin)
    if not any(trail.settings.append for trail in trails):
        raise Inapplicable(f"no append is named under [{trails[0].source}]")
    for trail in trails:
        if trail.settings.append is None:
            yield Note(f"{trail.table.name}: no append is named")
            continue
        with ground.copy() as scratch:
            yield from _on_one(ground, scratch, trail)


def _on_one(ground: Ground, scratch: Scratch, trail: Trail) -> Iterator[Finding | Note]:
    with oversee(ground, scratch) as admin, oversee(ground, scratch) as keeper:
        see_all(ground, admin, trail.table)
        gate = Gate.built(keeper, trail.table)
        for number in range(_ROUNDS):
            left, passed = _numbers(admin, trail), gate.passed()
            met, errors = _round(ground, scratch, gate, trail, first=number * _PROCESSES * _EACH + 1)
            if met < _PROCESSES:
                yield Note(f"{trail.table.name}: at most {met} sessions met")
            made = _numbers(admin, trail) - left
            # Rows that go into a table that inherits pass no gate: savepoints are not told apart then.
            made = min(made, gate.passed() - passed or made)
            findings = [*_counted(trail, errors, made), *_chain_is_whole(ground, scratch, admin, trail)]
            if findings:
                yield from findings
                return
        yield from _met_in_one_chain(admin, trail)


def _round(
    ground: Ground, scratch: Scratch, gate: Gate, trail: Trail, *, first: int
) -> tuple[int, list[dict[str, str]]]:
    """Append at once; how many sessions waited for one another, and what was raised."""
    named = str(trail.settings.append)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_PROCESSES) as threads:
        ready = [Path(folder, str(process)) for process in range(_PROCESSES)]
        gate.close()
        try:
            under_way = [
                threads.submit(
                    functions.run, ground, scratch, [_together(named, first + position * _EACH, file)]
                )
                for position, file in enumerate(ready)
            ]
            met = gate.wait_for(
                _PROCESSES * _EACH,
                started=lambda: all(file.exists() for file in ready),
                ended=lambda: all(one.done() for one in under_way),
            )
        finally:
            gate.open()
        return met, [error for one in under_way for errors in one.result() for error in errors]


def _together(named: str, first: int, ready: Path) -> functions.Action:
    return {**functions.append(named, range(first, first + _EACH)), "ready": str(ready)}


def _numbers(admin: psycopg.Connection[Any], trail: Trail) -> int:
    """How many transactions, and savepoints of them, have left rows."""
    row = admin.execute(
        f"select count(distinct xmin::text) from {trail.table.quoted}".encode()  # noqa: S608 - quoted
    ).fetchone()
    return int(row[0]) if row else 0


def _counted(trail: Trail, errors: list[dict[str, str]], made: int) -> Iterator[Finding]:
    """Appends that failed, and those that left nothing."""
    count = _PROCESSES * _EACH
    if errors:
        yield functions.raised(trail, errors, of=count)
    expected = count - len(errors)
    if made < expected:
        yield Finding(
            where=f"{trail.table.name}: lost",
            what=f"expected rows of {expected} transactions after as many appends, found rows of {made}",
            remedy="let append return after its commit, and raise where it has not written",
        )


def _chain_is_whole(
    ground: Ground, scratch: Scratch, admin: psycopg.Connection[Any], trail: Trail
) -> Iterator[Finding]:
    chain = chain_of(trail)
    if chain is None:
        return
    broken = [*broken_links(chain, read_entries(admin, chain))]
    yield from broken
    if trail.settings.verify and not broken:
        (said,) = functions.run(ground, scratch, [functions.verify(trail.settings.verify)])
        if not Answer(**said).is_intact:
            yield false_alarm(trail, Answer(**said))


def _met_in_one_chain(admin: psycopg.Connection[Any], trail: Trail) -> Iterator[Finding | Note]:
    chain = chain_of(trail)
    if chain is None:
        yield Note(f"{trail.table.name}: has no hashes: only whether rows are lost was looked at")
        return
    longest = len(by_chain(read_entries(admin, chain))[0])
    if longest < _ROUNDS * _EACH:
        yield Finding(
            where=f"{trail.table.name}: append",
            what=f"expected that most appends go to one chain, the longest has {longest} rows",
            remedy=f"let {trail.settings.append} append to the same chain each time",
        )
