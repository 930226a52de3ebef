"""Grants as tests make them: told at once what cannot be granted."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from seatrial.errors import FakeError
from seatrial.fakes.databricks import names
from seatrial.fakes.databricks.people.person import EVERYBODY
from seatrial.fakes.databricks.unity.privileges import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.workspace import State


def grant(fake: DatabricksFake, principal: str, privileges: Sequence[str], *, on: str) -> None:
    """Grant privileges on a securable.

    Raises:
        FakeError: there is no such thing or person, or a privilege does not fit.
    """
    with fake.space.lock:
        full, wanted = _checked(fake, principal, privileges, on)
        fake.space.state.grants.add(full, principal, wanted)


def grant_read(fake: DatabricksFake, principal: str, table: str) -> None:
    """Grant what reading a table takes.

    Raises:
        FakeError: there is no such table or person.
    """
    if names.kind_of(table) != "table":
        raise FakeError(
            f"grant_read() expects the full name of a table, found {table!r}.",
            code="fakes.databricks-grant",
            remedy='Write "main.sales.customers"; for a schema use grant(..., "SELECT", on="main.sales").',
        )
    parts = names.split(table)
    grant(fake, principal, ["SELECT"], on=table)
    grant(fake, principal, ["USE_CATALOG"], on=parts[0])
    grant(fake, principal, ["USE_SCHEMA"], on=".".join(parts[:2]))


def revoke(fake: DatabricksFake, principal: str, privileges: Sequence[str], *, on: str) -> None:
    """Take privileges away.

    Raises:
        FakeError: there is no such thing or person, or they do not hold it there.
    """
    with fake.space.lock:
        full, wanted = _checked(fake, principal, privileges, on)
        held = fake.space.state.grants.on(full, principal)
        lacking = sorted(set(wanted) - held)
        if lacking:
            raise FakeError(
                f"revoke() expects privileges that {principal} holds on {full}, found {', '.join(lacking)}.",
                code="fakes.databricks-grant",
                remedy=f"There they hold {', '.join(sorted(held)) or 'nothing'}. What comes from above is "
                "revoked above.",
            )
        fake.space.state.grants.remove(full, principal, wanted)


def _checked(
    fake: DatabricksFake, principal: str, privileges: Sequence[str], on: str
) -> tuple[str, list[str]]:
    full = names.canonical(on)
    wanted = [checked(one, kind=names.kind_of(full)) for one in privileges]
    state = fake.space.state
    if state.store.get(full) is None:
        raise _unknown(fake, names.kind_of(full), on, [one.full_name for one in state.store])
    known = _principals(state)
    if principal not in known:
        raise _unknown(fake, "principal", principal, sorted(known))
    return full, wanted


def _principals(state: State) -> set[str]:
    return {EVERYBODY} | {name for person in state.people.values() for name in person.principals}


def _unknown(fake: DatabricksFake, kind: str, name: str, known: Sequence[str]) -> FakeError:
    near = difflib.get_close_matches(name, list(known), n=1)
    guess = f" (did you mean {near[0]!r}?)" if near else ""
    return FakeError(
        f"A grant expects a {kind} of the workspace {fake.name!r}, found {name!r}{guess}.",
        code="fakes.databricks-grant",
        remedy="Make it first, with catalog(...).schema(...).table(...)."
        if kind != "principal"
        else "Name the email of a user, the application id of a service principal, or a group of theirs.",
    )
