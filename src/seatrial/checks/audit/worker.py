"""The process in which a team's functions append and verify, in the application's environment."""

from __future__ import annotations

import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.checks.audit.answers import Answer, told
from seatrial.checks.audit.calling import Caller, NotCallableError, resolve
from seatrial.config import DatabaseAddress
from seatrial.postgres.template.worker import main, own_frames

if TYPE_CHECKING:
    import psycopg


def _run(request: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked, one after the other, and tell what came of each."""
    import psycopg  # noqa: PLC0415 - an extra

    for action in request["actions"]:
        if "named" in action:
            try:
                resolve(action["named"])
            except NotCallableError as why:
                return {"refused": action["named"], "why": str(why)}
    caller = Caller(DatabaseAddress(**request["address"]))
    with psycopg.connect(**request["admin"], autocommit=True) as admin:
        return {"answers": [_act(caller, admin, action) for action in request["actions"]]}


def _act(caller: Caller, admin: psycopg.Connection[Any], action: dict[str, Any]) -> Any:
    if action["do"] == "sql":
        return _execute(admin, action["text"])
    if action["do"] == "verify":
        return asdict(_verify(caller, action["named"]))
    if "ready" in action:
        Path(action["ready"]).touch()
        raised = caller.call_together(action["named"], action["numbers"])
    else:
        raised = [_append(caller, action["named"], number) for number in action["numbers"]]
    return [_told(error) for error in raised if error is not None]


def _execute(admin: psycopg.Connection[Any], text: str) -> str:
    """Run statements as one transaction; why that failed, or nothing."""
    import psycopg  # noqa: PLC0415 - an extra

    try:
        with admin.transaction():
            admin.execute(text.encode())
    except psycopg.Error as error:
        return str(error).partition("\n")[0]
    return ""


def _append(caller: Caller, named: str, number: int) -> BaseException | None:
    try:
        caller.call(named, number=number)
    except Exception as error:  # noqa: BLE001 - the team's code may raise anything; it is reported
        return error
    return None


def _verify(caller: Caller, named: str) -> Answer:
    try:
        return told(caller.call(named))
    except Exception as error:  # noqa: BLE001 - to raise is one way to say that a chain is broken
        return Answer(kind="raised", text=_told(error)["message"], traceback=own_frames(error))


def _told(error: BaseException) -> dict[str, str]:
    message = "".join(traceback.format_exception_only(error)).strip()
    return {"message": message, "traceback": own_frames(error)}


if __name__ == "__main__":
    main({"run": _run})
