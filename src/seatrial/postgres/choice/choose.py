"""Go through the sources in order, and take the first target that proves itself safe."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from seatrial.errors import SettingsError, UnsafeTargetError
from seatrial.postgres.choice.parse import NAMES_A_TARGET, Reading, complete, read_target
from seatrial.postgres.choice.probe import probe
from seatrial.postgres.choice.refusal import ERASE_FLAG, PROBE, Refusal
from seatrial.postgres.choice.registry import Registry
from seatrial.postgres.choice.rules import check_holder, check_places
from seatrial.postgres.choice.target import EXPLICIT, Choice, PassedOver, Source, Target
from seatrial.postgres.choice.uri import Given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EMBEDDED = "embedded"


def choose_database(
    *, option: str | None, environ: Mapping[str, str], registry: Registry | None = None
) -> Choice:
    """Decide which database a run uses. A target refused by rules 1 to 3 gets not one byte, nor a DNS query.

    Args:
        option: the value of `--seatrial-database`: a URL, a connection string, `embedded`, or None.
        environ: the variables as inherited, before seatrial replaced any.
        registry: the databases marked on this machine; the user's by default.

    Raises:
        UnsafeTargetError: an explicit target is not safe, or cannot be used.
        SettingsError: the option is empty, or psycopg is missing.
    """
    if option == EMBEDDED:
        return Choice(kind="embedded")
    if option is not None and not option.strip():
        raise SettingsError(
            "--seatrial-database was given an empty value.",
            code="database.empty-option",
            remedy="Give a PostgreSQL URL, or the word embedded, or leave the option away.",
        )
    registry = registry or Registry.of_user(environ)
    passed: list[PassedOver] = []
    for source, text in _sources(option, environ):
        try:
            return _examine(source, text, environ, registry, tuple(passed))
        except Refusal as refusal:
            if source in EXPLICIT:
                raise _refused(source, refusal) from None
            passed.append(_passed_over(source, refusal))
    return Choice(kind="embedded", passed_over=tuple(passed))


def _sources(option: str | None, environ: Mapping[str, str]) -> Iterator[tuple[Source, str]]:
    if option is not None:
        yield "--seatrial-database", option
    if environ.get("TESTING_DATABASE_URL", "").strip():
        yield "TESTING_DATABASE_URL", environ["TESTING_DATABASE_URL"]
    if environ.get("DATABASE_URL", "").strip():
        yield "DATABASE_URL", environ["DATABASE_URL"]
    if any(environ.get(name) for name in NAMES_A_TARGET):
        yield "PG*", ""


def _examine(
    source: Source, text: str, environ: Mapping[str, str], registry: Registry, passed: tuple[PassedOver, ...]
) -> Choice:
    """The choice of one target, or the refusal of the first rule it breaks."""
    reading = (
        complete(Given({}), environ, source=source)
        if source == "PG*"
        else read_target(text, environ, source=source)
    )
    target = reading.target
    try:
        target = _static_rules(reading, registry)
        mode, facts = probe(target)
    except Refusal as refusal:
        if refusal.markable:
            refusal.command = _mark_command(target, erases=refusal.erases)
        raise
    return Choice(kind="external", target=target, mode=mode, facts=facts, passed_over=passed)


def _static_rules(reading: Reading, registry: Registry) -> Target:
    marked = reading.single and registry.holds(reading.target)
    check_places(reading, marked=marked)
    return reading.target if marked else check_holder(reading.target)


def _mark_command(target: Target, *, erases: bool) -> str:
    """What came from the environment is named by its variable, so that no secret is printed."""
    address = {
        "TESTING_DATABASE_URL": '"$TESTING_DATABASE_URL"',
        "DATABASE_URL": '"$DATABASE_URL"',
        "PG*": "postgresql://",
    }.get(target.source) or shlex.quote(target.safe_url)
    return f"seatrial db mark {ERASE_FLAG} {address}" if erases else f"seatrial db mark {address}"


def _passed_over(source: Source, refusal: Refusal) -> PassedOver:
    return PassedOver(source=source, rule=refusal.rule.number, reason=refusal.found, command=refusal.command)


def _refused(source: Source, refusal: Refusal) -> UnsafeTargetError:
    rule = refusal.rule
    untouched = "" if rule is PROBE else " Nothing was sent to it."
    return UnsafeTargetError(
        f"{source} was refused by rule {rule.number} ({rule.words}): found {refusal.found}.{untouched}",
        code=f"database.rule-{rule.number}-{rule.name}",
        remedy=_what_to_do(refusal),
    )


def _what_to_do(refusal: Refusal) -> str:
    if refusal.command is None:
        return refusal.remedy or "Name a database on this machine, or leave it away to use the embedded one."
    condition = " and all in it may be lost" if refusal.erases else ""
    return f"Name another database; or, if this one is for tests{condition}, run: {refusal.command}"
