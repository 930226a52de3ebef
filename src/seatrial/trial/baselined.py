"""What the tested databases of both engines share: baselines in layers, and the way back to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.faults import DatabaseProxy
    from seatrial.postgres.isolation import Isolation, Replacing, Tally
    from seatrial.postgres.isolation.layers import Layer, Layers


class Baselined:
    """A database that is opened late and brought back to its baseline between tests.

    Until it is open there is nothing to bring back: every question has the answer of a pristine database.
    """

    def __init__(self) -> None:
        self.proxy: DatabaseProxy | None = None
        """What stands between the application and the server, where the settings ask for faults."""
        self._isolation: Isolation | None = None
        self._layers: Layers | None = None

    def ensure(self) -> None:
        """Open it, once."""
        raise NotImplementedError

    @property
    def cluster(self) -> Cluster | None:
        """The server it is on; None for a file, and before it was started."""
        return None

    @property
    def tally(self) -> Tally | None:
        """What isolation did so far; None before the database was opened."""
        return self._isolation.tally if self._isolation else None

    def position(self) -> object:
        """A mark that stays equal while nobody writes; None where that cannot be told."""
        return self._isolation.position() if self._isolation else None

    def mark(self) -> object:
        """The position or, where that cannot be told, all there is: equal to a later one if nobody wrote."""
        position = self.position()
        return position if position is not None or self._layers is None else self._layers.content()

    def at_baseline(self) -> bool:
        """Whether everything is as in the baseline: a full comparison, some milliseconds."""
        return self._layers is None or self._layers.at_baseline()

    def differences(self) -> list[str]:
        """What the database has else than its baseline, one readable line each."""
        return self._layers.differences() if self._layers else []

    def renew(self, replacing: Replacing) -> None:
        """Put a fresh copy of the baseline in place, whatever was changed; all sessions end."""
        if self._layers is not None and self._isolation is not None:
            self._layers.restore(replacing)
            self._isolation.renew(replacing)

    def push(self, replacing: Replacing, *, owner: str) -> Layer | None:
        """Make the present state the baseline of every later test, until the layer ends.

        Args:
            replacing: opens the block in which sessions may end.
            owner: what wrote it, for errors.
        """
        self.ensure()
        return self._layers.push(owner, replacing) if self._layers else None

    def is_topmost(self, layer: Layer) -> bool:
        """Whether nothing was added to the baseline after this layer."""
        return self._layers is not None and self._layers.topmost is layer

    def end(self, layer: Layer, replacing: Replacing) -> None:
        """End a layer, in whatever order they were pushed: what it added is gone for later tests.

        Raises:
            IsolationError: later layers cannot be without it.
        """
        if self._layers is not None:
            self._layers.end(layer, replacing)

    @property
    def pristine(self) -> bool:
        """Whether the database equals its baseline because nobody has had it yet."""
        if self._isolation is None or self._layers is None:
            return True
        return self._isolation.pristine and not self._layers.pending

    @property
    def outdated(self) -> bool:
        """Whether rows of a layer that has ended are still in the baseline, until it is restored."""
        return self._layers is not None and self._layers.pending

    def restore(self, replacing: Replacing) -> None:
        """Make the database equal its baseline again; sessions end only inside `replacing()`."""
        if self._layers is not None:
            self._layers.restore(replacing)

    def hand_over(self) -> None:
        """Give the database to a test: the next one needs it restored."""
        if self._isolation is not None:
            self._isolation.hand_over()
