"""Whether the chain of an audit trail holds, and whether the team's own function finds where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.checks.audit import functions
from seatrial.checks.audit.answers import Answer
from seatrial.checks.audit.entries import broken_links, by_chain, read_entries
from seatrial.checks.audit.filling import append_rows, plant_rows
from seatrial.checks.audit.tampering import Case, Tampering
from seatrial.checks.audit.trails import chain_of, trails_of
from seatrial.checks.finding import Finding, Inapplicable, Note
from seatrial.config import redact
from seatrial.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.checks.audit.entries import Entry
    from seatrial.checks.audit.trails import Chain, Trail
    from seatrial.checks.ground import Ground, Scratch

_ROWS = 3
"""Rows of a chain with one that has a row before it and a row behind it."""


def chain(ground: Ground) -> Iterator[Finding | Note]:
    """Every row of an audit trail follows the one before, and whoever changes one is found by `verify`.

    Rows are appended where there are none. Then the row in the middle is changed, past all rights, triggers
    and constraints: each of its columns in turn, the row deleted, the first one deleted, the row replaced by
    one that the application has appended. Each time `verify` has to name the right row.
    """
    with ground.copy() as scratch, scratch.connect() as admin:
        chains = [(trail, chain_of(trail)) for trail in trails_of(ground, admin)]
        if not any(found for _, found in chains):
            raise Inapplicable("no audit trail has columns for a hash and the hash before: hash, previous")
        if not ground.cluster.superuser:
            raise Inapplicable("to change what nobody may change takes a superuser: use the embedded server")
        for trail, found in chains:
            if found is None:
                yield Note(f"{trail.table.name}: has no hashes")
            else:
                yield from _on_one(ground, scratch, admin, found)


def _on_one(
    ground: Ground, scratch: Scratch, admin: psycopg.Connection[Any], found: Chain
) -> Iterator[Finding | Note]:
    problems = [*_filled(ground, scratch, admin, found)]
    yield from problems
    if problems:
        return
    entries = read_entries(admin, found)
    broken = [*broken_links(found, entries)]
    yield from broken
    if found.trail.settings.verify is None:
        yield Note(f"{found.trail.table.name}: no verify is named: no hash was computed, and nothing changed")
    elif not broken:
        yield from _tampered(ground, scratch, Tampering(admin, found, entries), found)


def _longest(admin: psycopg.Connection[Any], found: Chain) -> int:
    return max((len(rows) for rows in by_chain(read_entries(admin, found))), default=0)


def _filled(
    ground: Ground, scratch: Scratch, admin: psycopg.Connection[Any], found: Chain
) -> Iterator[Finding]:
    """Append rows until there are enough; what was in the way."""
    trail = found.trail
    missing = _ROWS - _longest(admin, found)
    if missing <= 0:
        return
    if trail.settings.append:
        failed = [*append_rows(ground, scratch, trail, count=missing)]
        if failed:
            yield from failed
            return
    else:
        # A trigger may fill what makes the chain.
        plant_rows(admin, trail, leave_out=[found.order.number, found.previous.number, found.hash.number])
    rows = by_chain(read_entries(admin, found))
    if not rows or len(rows[0]) < _ROWS or not all(entry.hash for entry in rows[0]):
        yield Finding(
            where=trail.table.name,
            what=f"expected {_ROWS} rows with hashes in one chain, found {len(rows[0]) if rows else 0} rows",
            remedy=f"name what appends a row under [{trail.source}]: append, to the same chain each time",
        )


def _tampered(
    ground: Ground, scratch: Scratch, tampering: Tampering, found: Chain
) -> Iterator[Finding | Note]:
    """Every change, and what `verify` says of it."""
    tampering.keep()
    verify = functions.verify(str(found.trail.settings.verify))
    cases: list[Case] = []
    for case in tampering.cases():
        if isinstance(case, Case):
            cases.append(case)
        else:
            yield Note(case)
    actions = [verify]
    for case in cases:
        actions += [*case.actions, verify, tampering.restored()]
    said = iter(functions.run(ground, scratch, actions))
    intact = Answer(**next(said))
    if not intact.is_intact:
        yield false_alarm(found.trail, intact)
        return
    table = found.trail.table.name
    answers: list[tuple[Case, Answer]] = []
    for case in cases:
        done = [next(said) for _ in case.actions]
        answer, back = Answer(**next(said)), next(said)
        if back:
            raise _not_restored(table, back)
        if any(done):
            why = next(each for each in done if each)
            message = why if isinstance(why, str) else why[0]["message"]
            yield Note(f"{case.where}: could not be tried: {redact(message.partition(chr(10))[0])}")
        else:
            answers.append((case, answer))
    yield from _judged(found.trail, tampering.row, answers)
    yield Note(f"{table}: {len(answers)} changes of row {tampering.row} were tried")


def _judged(trail: Trail, row: Entry, answers: Sequence[tuple[Case, Answer]]) -> Iterator[Finding]:
    missed = [case for case, answer in answers if answer.is_intact]
    vague = [(case, answer) for case, answer in answers if not (answer.is_intact or _is_right(case, answer))]
    if missed and len(missed) == len(answers):
        yield Finding(
            where=f"{trail.table.name}: verify",
            what=f"expected that it finds a changed row, it found none of {len(missed)} changes",
            remedy="compute the hash of every row again, compare it, and compare the link to the row before",
            detail="\n".join(case.what for case in missed),
        )
        return
    yield from (_missed(case, row) for case in missed)
    if vague:
        case, answer = vague[0]
        yield Finding(
            where=f"{trail.table.name}: verify",
            what=f"expected that it names row {row}, in {len(vague)} of {len(answers)} changes it does not: "
            f"{case.what}, and it {_said(answer)}",
            remedy="return the broken rows, each by what orders it or by its key, the first one first",
            detail="\n".join(f"{case.what}, and it {_said(answer)}" for case, answer in vague[1:]),
        )


def _is_right(case: Case, answer: Answer) -> bool:
    """Whether it names the row, and none before it: those behind it may be broken in consequence."""
    if not case.blamed:
        return answer.kind != "broken"
    if not any(answer.names(identities) for identities in case.blamed):
        return False
    return answer.kind == "raised" or not any(answer.names(identities) for identities in case.innocent)


def _missed(case: Case, row: Entry) -> Finding:
    if case.column:
        remedy = f"let the hash cover {case.column}; one that is free to change is accepted, with a reason"
    else:
        remedy = "compare each row's link to the hash of the row before, and the first one's to a fixed value"
    return Finding(
        where=case.where,
        what=f"expected that verify finds row {row}: {case.what}, and it finds nothing",
        remedy=remedy,
        detail=f"{case.column} was set to {case.value}" if case.column else "",
    )


def false_alarm(trail: Trail, answer: Answer) -> Finding:
    """The finding for a chain that holds and is said to be broken."""
    return Finding(
        where=f"{trail.table.name}: verify",
        what=f"expected that it finds nothing where nothing was changed, it {_said(answer)}",
        remedy="return the broken rows: an empty list, None or True if there is none; it is called as the "
        "application, which may not be able to read them all",
        detail=redact(answer.traceback),
    )


def _said(answer: Answer) -> str:
    return f"{'raises' if answer.kind == 'raised' else 'returns'} {redact(answer.text.partition(chr(10))[0])}"


def _not_restored(table: str, why: str) -> CheckError:
    return CheckError(
        f"{table} could not be put back after it had been changed: {why}.",
        code="checks.audit-failed",
        remedy="Look for a constraint that its own rows do not satisfy.",
    )
