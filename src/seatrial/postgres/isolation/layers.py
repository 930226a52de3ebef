"""Baselines that nest, and end in any order: one layer for each fixture that wrote while it was set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from seatrial.errors import IsolationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seatrial.postgres.isolation.base import Isolation, Replacing


@dataclass(eq=False)
class Layer:
    """What one owner added to the baseline."""

    owner: str
    """As an error names it: `the session-scoped fixture "users"`."""
    ended: bool = False


class Content(Protocol):
    """Everything that is in a database at one moment."""

    def differences(self, expected: Any) -> list[str]:
        """What differs from another moment's content, one readable line each."""


class Separation(Protocol):
    """Reads baselines where databases hold them, and tells what each of them adds."""

    def content_of(self, baseline: str) -> Content:
        """Everything that is in a baseline, comparable with the tested database's content."""

    def rehearse(
        self, ended: Layer, above: Sequence[Layer], baselines: Sequence[str]
    ) -> Sequence[Callable[[], object]]:
        """How to write each layer above again onto what lies below an ended one, tried out on a copy.

        Args:
            ended: the layer to be taken out.
            above: the layers that were pushed after it.
            baselines: the one below it, its own, and those of the layers above.

        Raises:
            IsolationError: they cannot be without it.
        """


class Layers:
    """The stack of baselines of one tested database.

    A layer that ends while it is the topmost is popped. One that ends below others is taken out: what the
    others added is read as rows, and written again on what lies below.

    Args:
        isolation: the engine that keeps the database at its baseline.
        content: everything that is in the tested database now, comparable with what is there at another time.
        separation: tells layers apart; None where only the topmost can go.
    """

    def __init__(
        self, isolation: Isolation, *, content: Callable[[], Content], separation: Separation | None
    ) -> None:
        self._isolation = isolation
        self._separation = separation
        self._stack: list[Layer] = []
        self.content = content
        self._baseline: Content | None = None
        self._note_baseline()

    @property
    def topmost(self) -> Layer | None:
        """The layer that was pushed last."""
        return self._stack[-1] if self._stack else None

    @property
    def pending(self) -> bool:
        """Whether the topmost layer has ended, and its rows are still there."""
        return bool(self._stack) and self._stack[-1].ended

    def push(self, owner: str, replacing: Replacing) -> Layer:
        """Make the present state the baseline until the layer ends."""
        self._isolation.push(replacing)
        self._note_baseline()
        layer = Layer(owner)
        self._stack.append(layer)
        return layer

    def end(self, layer: Layer, replacing: Replacing) -> None:
        """End a layer. The topmost goes away with the next `restore`, which is cheaper; others at once.

        Raises:
            IsolationError: what the layers above added cannot be without this one. It stays until they end.
        """
        layer.ended = True
        above = self._stack[self._stack.index(layer) + 1 :]
        if not all(other.ended for other in above):
            self._pop_ended(replacing)
            self._take_out(layer, replacing)

    def restore(self, replacing: Replacing) -> None:
        """Make the database equal its baseline, without the layers that have ended."""
        self._pop_ended(replacing)
        if not self._isolation.pristine:
            self._isolation.restore(replacing)

    def at_baseline(self) -> bool:
        """Whether the database has the content and the catalogue of its baseline: a full comparison.

        Raises:
            IsolationError: they could not be read.
        """
        return not self.differences()

    def differences(self) -> list[str]:
        """What the database has else than its baseline, one readable line each.

        Raises:
            IsolationError: they could not be read.
        """
        if self._baseline is None and self._separation is not None:
            self._baseline = self._separation.content_of(self._isolation.baselines[-1])
        return self.content().differences(self._baseline)

    def _note_baseline(self) -> None:
        """Read the new baseline when it is asked for or, where no database holds it, at once."""
        self._baseline = None if self._separation else self.content()

    def _pop_ended(self, replacing: Replacing) -> None:
        while self.pending:
            self._pop(replacing)

    def _pop(self, replacing: Replacing) -> Layer:
        self._isolation.pop(replacing)
        self._note_baseline()
        return self._stack.pop()

    def _take_out(self, layer: Layer, replacing: Replacing) -> None:
        index = self._stack.index(layer)
        above = self._stack[index + 1 :]
        if self._separation is None:
            raise not_apart(layer, above[0])
        # The layer at an index is what its baseline has more than the one before.
        steps = self._separation.rehearse(layer, above, self._isolation.baselines[index:])
        for _ in range(len(above) + 1):
            self._pop(replacing)
        for other, write_again in zip(above, steps, strict=True):
            write_again()
            self._isolation.push(replacing)
            self._stack.append(other)


def not_apart(ended: Layer, living: Layer) -> IsolationError:
    """The error where only the topmost layer can go."""
    return IsolationError(
        f"{ended.owner} has ended before {living.owner}, and what the two wrote cannot be told apart here",
        code="isolation.fixture-order",
        remedy="make one a parameter of the other or give both the same scope; the embedded server, and one "
        "on which databases may be created, can tell rows apart",
    )
