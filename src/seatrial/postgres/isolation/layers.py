"""Baselines that nest, and end in any order: one layer for each fixture that wrote while it was set up."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.applying import apply
from seatrial.postgres.isolation.comparison import take
from seatrial.postgres.isolation.difference import between
from seatrial.postgres.isolation.pool import create_clone, drop, end_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Isolation, Replacing
    from seatrial.postgres.isolation.comparison import Snapshot
    from seatrial.postgres.isolation.difference import Difference


@dataclass(eq=False)
class Layer:
    """What one owner added to the baseline."""

    owner: str
    """As an error names it: `the session-scoped fixture "users"`."""
    ended: bool = False


class Layers:
    """The stack of baselines of one tested database.

    A layer that ends while it is the topmost is popped. One that ends below others is taken out: what the
    others added is read as rows, and written again on what lies below.

    Args:
        isolation: the engine that keeps the database at its baseline.
        cluster: where it runs.
        database: the constant name of the tested database.
    """

    def __init__(self, isolation: Isolation, *, cluster: Cluster, database: str) -> None:
        self._isolation = isolation
        self._cluster = cluster
        self._database = database
        self._stack: list[Layer] = []
        self._baseline: Snapshot | None = None

    @property
    def pending(self) -> bool:
        """Whether the topmost layer has ended, and its rows are still there."""
        return bool(self._stack) and self._stack[-1].ended

    @property
    def topmost(self) -> Layer | None:
        """The layer that was pushed last."""
        return self._stack[-1] if self._stack else None

    def push(self, owner: str, replacing: Replacing) -> Layer:
        """Make the present state the baseline until the layer ends."""
        self._isolation.push(replacing)
        self._baseline = None
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
        if self._baseline is None:
            name = self._isolation.baselines[-1]
            with self._reading([name]) as (connection,):
                self._baseline = take(connection, cluster_wide=False)
        return self.content() == self._baseline

    def content(self) -> Snapshot:
        """Everything that is in the database now, comparable with what is there at another time."""
        with self._cluster.connect(self._database) as connection:
            return take(connection, cluster_wide=False)

    def _pop_ended(self, replacing: Replacing) -> None:
        while self.pending:
            self._pop(replacing)

    def _pop(self, replacing: Replacing) -> Layer:
        self._isolation.pop(replacing)
        self._baseline = None
        return self._stack.pop()

    def _take_out(self, layer: Layer, replacing: Replacing) -> None:
        index = self._stack.index(layer)
        above = self._stack[index + 1 :]
        # The layer at an index is what its baseline has more than the one before.
        baselines = self._isolation.baselines[index:]
        differences = self._rehearsed(layer, above, baselines)
        for _ in range(len(above) + 1):
            self._pop(replacing)
        for other, difference in zip(above, differences, strict=True):
            with self._cluster.connect(self._database) as connection:
                apply(difference, connection)
            self._isolation.push(replacing)
            self._stack.append(other)

    def _rehearsed(self, layer: Layer, above: Sequence[Layer], baselines: Sequence[str]) -> list[Difference]:
        """What each layer above adds, tried out on a copy: a refusal must come before anything is lost."""
        scratch = f"{self._database}_rehearsal"
        differences = []
        with self._admin() as admin:
            create_clone(admin, self._cluster, name=scratch, baseline=baselines[0])
            try:
                for other, (lower, upper) in zip(above, pairwise(baselines[1:]), strict=True):
                    with _blaming(layer, other):
                        differences.append(self._between(lower, upper))
                        with self._cluster.connect(scratch) as connection:
                            apply(differences[-1], connection)
            finally:
                drop(admin, scratch)
        return differences

    def _between(self, lower: str, upper: str) -> Difference:
        with self._reading([lower, upper]) as (below, above):
            return between(below, above)

    @contextlib.contextmanager
    def _reading(self, names: Sequence[str]) -> Iterator[list[psycopg.Connection[Any]]]:
        """Open a session for each baseline, and see them gone: none can be copied while one is there."""
        with contextlib.ExitStack() as sessions:
            yield [sessions.enter_context(self._cluster.connect(name)) for name in names]
        with self._admin() as admin:
            for name in names:
                end_sessions(admin, name)

    def _admin(self) -> psycopg.Connection[Any]:
        return self._cluster.connect(self._cluster.admin["dbname"])


@contextlib.contextmanager
def _blaming(ended: Layer, living: Layer) -> Iterator[None]:
    try:
        yield
    except IsolationError as error:
        raise IsolationError(
            f"{ended.owner} has ended before {living.owner}, and what the second wrote into the database "
            f"cannot be kept without what the first wrote: {error.message}",
            code="isolation.fixture-order",
            remedy="make one a parameter of the other or give both the same scope, so that they end in the "
            "reverse order of their beginning",
        ) from error
