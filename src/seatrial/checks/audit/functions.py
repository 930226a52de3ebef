"""Having a team's functions called in a process of their own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Finding
from seatrial.config import redact
from seatrial.errors import CheckError, TemplateError
from seatrial.postgres.template.child import run_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.checks.audit.trails import Trail
    from seatrial.checks.ground import Ground, Scratch

_WORKER = "seatrial.checks.audit.worker"

_MEETING = ("UniqueViolation", "Serialization", "DeadlockDetected")
"""In the names drivers give to errors of appends that meet one another."""

Action = dict[str, Any]


def append(named: str, numbers: Sequence[int]) -> Action:
    """Append once for each number; answered with what was raised."""
    return {"do": "append", "named": named, "numbers": list(numbers)}


def verify(named: str) -> Action:
    """Verify; answered with an `Answer`, as a dictionary."""
    return {"do": "verify", "named": named}


def sql(text: str) -> Action:
    """Run statements as the administrator; answered with why they failed, or nothing."""
    return {"do": "sql", "text": text}


def run(ground: Ground, scratch: Scratch, actions: Sequence[Action]) -> list[Any]:
    """Do things in a process with the application's environment, where DATABASE_URL is a scratch database.

    Args:
        ground: the settings.
        scratch: the database; functions are connected to it as the application.
        actions: see above; the answers have the same order.

    Raises:
        CheckError: a function is not there, or the process died.
    """
    address = scratch.address(login="app")
    try:
        found = run_step(
            "run",
            root=ground.settings.root,
            environment=ground.environment(address),
            worker=_WORKER,
            address=asdict(address),
            admin={**scratch.cluster.admin, "dbname": scratch.name},
            actions=list(actions),
        )
    except TemplateError as error:
        raise CheckError(
            "The process in which the audit trail's functions are called did not end well.",
            code="checks.audit-failed",
            remedy="See what it says below; a function that waits for something waits for ever here, too.",
            detail=f"{error.message}\n{error.detail}",
        ) from error
    if "refused" in found:
        raise _not_callable(ground, found["refused"], redact(found["why"]))
    answers: list[Any] = found["answers"]
    return answers


def raised(trail: Trail, errors: Sequence[dict[str, str]], *, of: int) -> Finding:
    """The finding for appends that failed."""
    advice = [
        "grant the application's role INSERT and what it reads",
        "where appends meet one another let them wait for a lock, or be tried again",
    ]
    if any(name in errors[0]["message"] for name in _MEETING):
        advice.reverse()
    return Finding(
        where=f"{trail.table.name}: append",
        what=f"expected that {trail.settings.append} appends, {len(errors)} of {of} raised "
        f"{redact(errors[0]['message'].partition(chr(10))[0])}",
        remedy="; ".join(advice),
        detail=redact(errors[0]["traceback"]),
    )


def _not_callable(ground: Ground, named: str, why: str) -> CheckError:
    message, _, detail = why.partition("\n")
    return CheckError(
        f"{ground.settings.key('checks', 'audit')} names {named!r}, which cannot be called: {message}.",
        code="checks.audit-callable",
        remedy="Name a function as module:function; it may take session, connection, url and number, by "
        "these names, or nothing. Or write a statement.",
        detail=detail,
    )
