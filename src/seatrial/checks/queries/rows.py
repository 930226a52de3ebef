"""Rows for the application to read: those of the team's own function, or made out of the catalogue."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import operator
from typing import TYPE_CHECKING, Any

from seatrial.app.loading import extend_path
from seatrial.checks.making.crowd import crowd
from seatrial.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import psycopg

    from seatrial.checks.application import Application
    from seatrial.checks.making.tables import Table
    from seatrial.config.settings import IdentitySettings, Settings

_TELLS_NOTHING = frozenset({"id", "name", "role", "roles", "password"})
"""Attributes of users that columns of quite other meanings are named like."""


def own_rows(settings: Settings) -> Callable[..., Any] | None:
    """The team's function that makes rows; None where it declares none.

    Raises:
        CheckError: it cannot be imported, or wants what there is not.
    """
    path = settings.checks.queries.rows
    if path is None:
        return None
    extend_path(settings.root)
    module, _, attributes = path.partition(":")
    try:
        function: Callable[..., Any] = operator.attrgetter(attributes)(importlib.import_module(module))
        wanted = list(inspect.signature(function).parameters)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise _unusable(settings, f"it cannot be used ({type(error).__name__}: {error})") from error
    unknown = sorted(set(wanted[1:]) - {"db", "client"})
    if not wanted or unknown:
        raise _unusable(settings, f"it takes ({', '.join(wanted)})")
    return function


def call_own(function: Callable[..., Any], number: int, application: Application) -> None:
    """Let the team's function make so many rows.

    Args:
        function: takes the number, and what it wants of `db` and `client`.
        number: how many.
        application: the running one.
    """
    database = application.trial.database
    assert database is not None  # the ground was made of it
    with contextlib.ExitStack() as stack:
        given: dict[str, Any] = {}
        names = list(inspect.signature(function).parameters)[1:]
        if "db" in names:
            given["db"] = database.handle()
            stack.callback(given["db"].close)
        if "client" in names:
            given["client"] = stack.enter_context(application.trial.clients.client())
        function(number, **given)


def planted(
    connection: psycopg.Connection[Any],
    tables: Sequence[Table],
    number: int,
    *,
    identities: IdentitySettings,
    user: str | None,
) -> dict[str, str]:
    """Make so many rows in every table that a user may see; the tables that got none, and why."""
    return crowd(connection, tables, rows=number, known=known_of(identities, user))


def known_of(identities: IdentitySettings, user: str | None) -> dict[str, str]:
    """What the settings say of a user, by the names that columns have for it."""
    if user is None:
        return {}
    found = identities.users[user]
    known: dict[str, Any] = {}
    if found.tenant is not None:
        attributes = identities.tenants.get(found.tenant, {})
        known |= {
            "tenant": attributes.get("id", found.tenant),
            "tenant_id": attributes.get("id", found.tenant),
        }
        known |= {f"tenant_{key}": value for key, value in attributes.items()}
    known |= _of_user(found.attributes)
    return {key.lower(): str(value) for key, value in known.items() if isinstance(value, (str, int))}


def _of_user(attributes: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in attributes.items() if key not in _TELLS_NOTHING}
    return plain | ({"user_id": attributes["id"]} if "id" in attributes else {})


def _unusable(settings: Settings, why: str) -> CheckError:
    return CheckError(
        f"{settings.checks.queries.rows!r} makes the rows of queries.n_plus_one, and {why}",
        code="checks.no-rows",
        remedy="Name a function `make(number, db)` under [tool.seatrial.checks.queries]; besides the number "
        "it may take `db`, `client` or both.",
    )
