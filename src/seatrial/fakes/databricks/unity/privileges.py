"""Grants: what a principal holds on a securable, what it inherits from above, and what owners may."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL = "ALL_PRIVILEGES"
_COMMON = ("ALL_PRIVILEGES", "APPLY_TAG", "MANAGE", "MODIFY", "REFRESH", "SELECT")
_IN_SCHEMAS = (
    *_COMMON,
    "CREATE_FUNCTION",
    "CREATE_MODEL",
    "CREATE_TABLE",
    "CREATE_VOLUME",
    "EXECUTE",
    "READ_VOLUME",
    "USE_SCHEMA",
    "WRITE_VOLUME",
)
BY_KIND = {
    "catalog": (*_IN_SCHEMAS, "BROWSE", "CREATE_SCHEMA", "USE_CATALOG"),
    "schema": _IN_SCHEMAS,
    "table": _COMMON,
    "connection": ("ALL_PRIVILEGES", "MANAGE", "USE_CONNECTION"),
}
"""What can be granted on each kind, without what nobody here asks for."""

_NOT_IN_ALL = frozenset({"MANAGE"})


@dataclass(frozen=True, kw_only=True)
class Held:
    """A privilege that a principal has."""

    privilege: str
    source: str | None = None
    """The full name of what it is inherited from; None: granted on the securable itself."""


@dataclass
class Grants:
    """Who was granted what. Whoever uses it holds the lock of the workspace."""

    _held: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """(full name, principal) -> the privileges."""

    def add(self, full: str, principal: str, privileges: Iterable[str]) -> None:
        """Grant."""
        self._held[full, principal] = self.on(full, principal) | frozenset(privileges)

    def remove(self, full: str, principal: str, privileges: Iterable[str]) -> None:
        """Revoke; what was not granted is nothing to revoke."""
        left = self.on(full, principal) - frozenset(privileges)
        if left:
            self._held[full, principal] = left
        else:
            self._held.pop((full, principal), None)

    def on(self, full: str, principal: str) -> frozenset[str]:
        """What was granted on the securable itself."""
        return self._held.get((full, principal), frozenset())

    def principals(self, full: str) -> list[str]:
        """Whoever was granted something on the securable itself, by name."""
        return sorted(principal for held, principal in self._held if held == full)

    def effective(self, full: str, principals: Iterable[str]) -> list[Held]:
        """What these principals have on a securable, those of what it is in included."""
        return sorted(
            {
                Held(privilege=privilege, source=None if place == full else place)
                for principal in principals
                for place in lineage(full)
                for privilege in self.on(place, principal)
            },
            key=lambda held: (held.privilege, held.source or ""),
        )

    def allows(self, full: str, principals: Iterable[str], privilege: str) -> bool:
        """Whether one of these principals has a privilege on a securable."""
        held = {one.privilege for one in self.effective(full, principals)}
        return privilege in held or (ALL in held and privilege not in _NOT_IN_ALL)

    def forget(self, full: str) -> None:
        """Drop the grants on a securable that is gone, and on what was in it."""
        self._held = {
            key: privileges
            for key, privileges in self._held.items()
            if key[0] != full and not key[0].startswith(f"{full}.")
        }

    def copy(self) -> Grants:
        """The same grants, to be changed on their own."""
        return Grants(dict(self._held))


def lineage(full: str) -> Iterator[str]:
    """The full name, and those of what it is in."""
    while full:
        yield full
        full = full.rpartition(".")[0]


def canonical(privilege: str) -> str:
    """A privilege as the API spells it: `USE_CATALOG`, also for `use catalog`."""
    return "_".join(privilege.upper().split())


def checked(privilege: object, *, kind: str) -> str:
    """A privilege that a test names.

    Raises:
        FakeError: it cannot be granted on this kind.
    """
    name = canonical(privilege) if isinstance(privilege, str) else ""
    if name in BY_KIND[kind]:
        return name
    near = difflib.get_close_matches(name, BY_KIND[kind], n=1)
    guess = f" (did you mean {near[0]!r}?)" if near else ""
    raise FakeError(
        f"A grant on a {kind} expects one of its privileges, found {privilege!r}{guess}.",
        code="fakes.databricks-grant",
        remedy=f"Name one of {', '.join(BY_KIND[kind])}.",
    )
