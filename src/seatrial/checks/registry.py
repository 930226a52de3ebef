"""The checks by name. A group is imported when one of its checks is asked for."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from seatrial.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seatrial.checks.finding import Finding, Note
    from seatrial.checks.ground import Ground
    from seatrial.config.settings import Accepted

    Look = Callable[[Ground], Iterator[Finding | Note]]

_GROUPS = ("migrations", "schema", "rls", "audit", "vectors", "pool", "queries")
"""Modules of this package with a tuple CHECKS."""

_TOGETHER = {"database": ("migrations", "schema", "rls", "audit", "vectors", "pool")}
"""Names for several groups."""


@dataclass(frozen=True)
class Check:
    """A ready-made check.

    Attributes:
        name: `migrations.stairway`.
        look: what does it; yields what it finds, and raises `Inapplicable` where there is nothing to look at.
        must_apply: whether somebody asked for it by its own name or its group's, so that nothing to look
            at is wrong.
        needs_template: whether it looks at the database after migrations and seeds; else it can be done
            where those fail.
    """

    name: str
    look: Look
    must_apply: bool = True
    needs_template: bool = True

    @property
    def summary(self) -> str:
        """What it looks at, in a line."""
        return (self.look.__doc__ or "").strip().partition("\n")[0]


def all_checks() -> list[Check]:
    """Every check there is, in the order of the documentation."""
    return [check for group in _GROUPS for check in _of_group(group)]


def select(names: Sequence[str]) -> list[Check]:
    """The checks that names stand for, each once.

    Args:
        names: of checks (`migrations.stairway`), of groups (`migrations`), or `database` for all its groups.

    Raises:
        CheckError: there is no such name.
    """
    chosen: dict[str, Check] = {}
    for name in names:
        for check in _named(name):
            known = chosen.get(check.name)
            if known is None or check.must_apply:
                chosen[check.name] = check
    return list(chosen.values())


def refuse_unknown(accepted: Sequence[Accepted]) -> None:
    """Refuse findings that are accepted of a check there is not: nobody would ever be told.

    Raises:
        CheckError: one names no single check.
    """
    names = [check.name for check in all_checks()] if accepted else []
    for rule in accepted:
        if rule.check not in names:
            raise _unknown(rule.check)


def _named(name: str) -> list[Check]:
    if name in _TOGETHER:
        return [replace(check, must_apply=False) for group in _TOGETHER[name] for check in _of_group(group)]
    if name in _GROUPS:
        return list(_of_group(name))
    single = [check for check in all_checks() if check.name == name]
    if not single:
        raise _unknown(name)
    return single


def _of_group(group: str) -> tuple[Check, ...]:
    checks: tuple[Check, ...] = import_module(f"seatrial.checks.{group}").CHECKS
    return checks


def _unknown(name: str) -> CheckError:
    known = [*_TOGETHER, *_GROUPS, *(check.name for check in all_checks())]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return CheckError(
        f"There is no check named {name!r}.{hint}",
        code="checks.unknown",
        remedy="`seatrial check --list` names them all.",
    )
