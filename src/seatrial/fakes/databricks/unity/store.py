"""The securables of a workspace by their full names, one level below the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from seatrial.fakes.databricks.refusals import missing, taken
from seatrial.fakes.databricks.unity.objects import Catalog, Schema, Securable

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = TypeVar("Kind", bound=Securable)


class Store:
    """Whoever uses it holds the lock of the workspace."""

    def __init__(self) -> None:
        self._found: dict[str, Securable] = {}

    def add(self, securable: Securable) -> None:
        """Add one whose place is there.

        Raises:
            Refused: its name is taken, or what it should be in is not there.
        """
        if securable.above is not None:
            self.parent(securable.above)
        if securable.full_name in self._found:
            raise taken(securable.described, code=securable.code("ALREADY_EXISTS"))
        self._found[securable.full_name] = securable

    def put(self, securable: Securable) -> None:
        """Add one, or write over the one of this name."""
        self._found[securable.full_name] = securable

    def parent(self, full: str) -> Securable:
        """The catalog or schema of this name.

        Raises:
            Refused: it is not there.
        """
        return self.find(full, Schema) if "." in full else self.find(full, Catalog)

    def find(self, full: str, kind: type[Kind]) -> Kind:
        """The securable of this name and kind.

        Raises:
            Refused: it is not there; told is the highest level that is not.
        """
        found = self._found.get(full)
        if isinstance(found, kind):
            return found
        above = full.rpartition(".")[0]
        if above and kind is not Catalog:
            self.parent(above)
        raise missing(f"{kind.kind.capitalize()} '{full}'", code=kind.code("DOES_NOT_EXIST"))

    def get(self, full: str) -> Securable | None:
        """The securable of this name, if there is one."""
        return self._found.get(full)

    def below(self, full: str | None, kind: type[Kind]) -> list[Kind]:
        """The securables of a kind directly in one, or the catalogs, by name."""
        return sorted(
            (one for one in self._found.values() if isinstance(one, kind) and one.above == full),
            key=lambda one: one.full_name,
        )

    def change(self, full: str, **changes: Any) -> Securable:
        """Change what is known about one."""
        self._found[full] = replace(self._found[full], **changes)
        return self._found[full]

    def rename(self, full: str, new: str) -> None:
        """Give one another name, and with it all that is in it."""
        moved = {
            name: one for name, one in self._found.items() if name == full or name.startswith(f"{full}.")
        }
        for name, one in moved.items():
            del self._found[name]
            target = new + name.removeprefix(full)
            self._found[target] = replace(one, full_name=target)

    def remove(self, full: str) -> None:
        """Take one away, and all that is in it."""
        for name in [name for name in self._found if name == full or name.startswith(f"{full}.")]:
            del self._found[name]

    def __iter__(self) -> Iterator[Securable]:
        return iter(self._found.values())

    def copy(self) -> Store:
        """The same securables, to be changed on their own."""
        copied = Store()
        copied._found = dict(self._found)
        return copied
