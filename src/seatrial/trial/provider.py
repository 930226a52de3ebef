"""From the choice of a database to the provider that serves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.errors import UnsafeTargetError
from seatrial.postgres.choice import Choice, PassedOver, choose_database
from seatrial.postgres.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.choice import Target
    from seatrial.postgres.providers import Provider

_RULE = 4


def choose_provider(
    settings: DatabaseSettings, *, option: str | None, inherited: Mapping[str, str], distributed: bool = False
) -> tuple[Choice, Provider]:
    """Decide on the server of a run; nothing is started.

    Args:
        settings: `[tool.seatrial.database]`.
        option: the value of `--seatrial-database`.
        inherited: the environment as it was before seatrial changed it.
        distributed: whether several processes run tests at once.

    Raises:
        UnsafeTargetError: an explicitly named server cannot be used.
    """
    if settings.provider == "embedded" and option is None:
        option = "embedded"
    choice = choose_database(option=option, environ=inherited)
    if choice.mode == "named" and choice.target is not None:
        choice = _with_one_database(choice, choice.target, settings, distributed=distributed)
    if settings.provider == "external" and choice.target is None:
        raise _no_server(choice)
    return choice, _provider(choice, settings)


def _provider(choice: Choice, settings: DatabaseSettings) -> Provider:
    if choice.target is None or choice.facts is None:
        from seatrial.postgres.providers.embedded import EmbeddedProvider  # noqa: PLC0415 - one of the three

        return EmbeddedProvider(settings)
    if choice.mode == "named":
        from seatrial.postgres.providers.named import NamedProvider  # noqa: PLC0415 - one of the three

        return NamedProvider(settings, choice.target, choice.facts)
    from seatrial.postgres.providers.external import ExternalProvider  # noqa: PLC0415 - one of the three

    return ExternalProvider(settings, choice.target, choice.facts)


def _no_server(choice: Choice) -> UnsafeTargetError:
    return UnsafeTargetError(
        'provider = "external" asks for a server of yours, and none was named that can be used',
        code="database.no-server",
        detail="\n".join(passed.header_line for passed in choice.passed_over),
        remedy="name one with TESTING_DATABASE_URL or --seatrial-database",
    )


def _with_one_database(
    choice: Choice, target: Target, settings: DatabaseSettings, *, distributed: bool
) -> Choice:
    """Check that a role that may create no database suffices; pass an inherited target over if not."""
    if settings.isolation == "clone":
        problem = 'isolation = "clone" makes databases, and its role may not (CREATEDB is missing)'
        instead = 'use isolation = "reset"'
    elif distributed:
        problem = "every worker of pytest-xdist needs a database of its own, and its role may create none"
        instead = "run without -n"
    else:
        return choice
    if target.explicit:
        raise UnsafeTargetError(
            f"{target.source} names the {target.safe_description}: {problem}",
            code="database.one-only",
            remedy=f"{instead}, or use the embedded server (--seatrial-database embedded), or, as an "
            f"administrator of that server: ALTER ROLE {identifier(target.user)} CREATEDB",
        )
    passed = PassedOver(source=target.source, rule=_RULE, reason=problem, command=None)
    return replace(
        choice,
        kind="embedded",
        target=None,
        mode=None,
        facts=None,
        passed_over=(*choice.passed_over, passed),
    )
