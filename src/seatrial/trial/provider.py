"""From the choice of a database to the provider that serves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.errors import UnsafeTargetError
from seatrial.postgres.choice import Choice, PassedOver, choose_database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.choice import Target
    from seatrial.postgres.providers import Provider

_RULE = 4
_REASON = "its role may not create databases, and this version makes a fresh one for every test"


def choose_provider(
    settings: DatabaseSettings, *, option: str | None, inherited: Mapping[str, str]
) -> tuple[Choice, Provider]:
    """Decide on the server of a run; nothing is started.

    Raises:
        UnsafeTargetError: an explicitly named server cannot be used.
    """
    if settings.provider == "embedded" and option is None:
        option = "embedded"
    choice = choose_database(option=option, environ=inherited)
    if choice.mode == "named" and choice.target is not None:
        choice = _without_a_named_database(choice, choice.target)
    if settings.provider == "external" and choice.target is None:
        raise _no_server(choice)
    if choice.target is not None and choice.facts is not None:
        from seatrial.postgres.providers.external import ExternalProvider  # noqa: PLC0415 - one of the two

        return choice, ExternalProvider(settings, choice.target, choice.facts)
    from seatrial.postgres.providers.embedded import EmbeddedProvider  # noqa: PLC0415 - one of the two

    return choice, EmbeddedProvider(settings)


def _no_server(choice: Choice) -> UnsafeTargetError:
    return UnsafeTargetError(
        'provider = "external" asks for a server of yours, and none was named that can be used',
        code="database.no-server",
        detail="\n".join(passed.header_line for passed in choice.passed_over),
        remedy="name one with TESTING_DATABASE_URL or --seatrial-database",
    )


def _without_a_named_database(choice: Choice, target: Target) -> Choice:
    """Pass over a database that is safe to use, but whose role cannot make others."""
    if target.explicit:
        raise UnsafeTargetError(
            f"{target.source} names the {target.safe_description}: {_REASON}",
            code="database.rule-4-probe",
            remedy=f"as an administrator of that server: ALTER ROLE {target.user} CREATEDB",
        )
    passed = PassedOver(source=target.source, rule=_RULE, reason=_REASON, command=None)
    return replace(
        choice,
        kind="embedded",
        target=None,
        mode=None,
        facts=None,
        passed_over=(*choice.passed_over, passed),
    )
