"""What each layer of the baseline adds, told from the databases that hold the baselines."""

from __future__ import annotations

import contextlib
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from seatrial.errors import IsolationError
from seatrial.postgres.isolation.applying import apply
from seatrial.postgres.isolation.comparison import take
from seatrial.postgres.isolation.difference import between
from seatrial.postgres.isolation.layers import Layers
from seatrial.postgres.isolation.pool import create_clone, drop, end_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.base import Isolation
    from seatrial.postgres.isolation.comparison import Snapshot
    from seatrial.postgres.isolation.difference import Difference
    from seatrial.postgres.isolation.layers import Layer


class Databases:
    """Baselines that are databases beside the tested one.

    Args:
        cluster: where they are.
        database: the constant name of the tested database.
        built_in: whether the definitions of PostgreSQL's own objects count as content; most of the time
            that a comparison takes.
    """

    def __init__(self, cluster: Cluster, database: str, *, built_in: bool) -> None:
        self._cluster = cluster
        self._database = database
        self._built_in = built_in

    def content_of(self, baseline: str) -> Snapshot:
        """Everything that is in a baseline."""
        with self._reading([baseline]) as (connection,):
            return take(connection, cluster_wide=False, built_in=self._built_in)

    def rehearse(
        self, ended: Layer, above: Sequence[Layer], baselines: Sequence[str]
    ) -> Sequence[Callable[[], object]]:
        """See `Separation`. A refusal must come before anything is lost, hence the copy."""
        scratch = f"{self._database}_rehearsal"
        differences = []
        with self._admin() as admin:
            create_clone(admin, self._cluster, name=scratch, baseline=baselines[0])
            try:
                for living, (lower, upper) in zip(above, pairwise(baselines[1:]), strict=True):
                    with _blaming(ended, living):
                        differences.append(self._between(lower, upper))
                        self._write(differences[-1], scratch)
            finally:
                drop(admin, scratch)
        return [partial(self._write, difference, self._database) for difference in differences]

    def _between(self, lower: str, upper: str) -> Difference:
        with self._reading([lower, upper]) as (below, above):
            return between(below, above)

    def _write(self, difference: Difference, database: str) -> None:
        with self._cluster.connect(database) as connection:
            apply(difference, connection)

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


def layers_apart(isolation: Isolation, cluster: Cluster, database: str, *, built_in: bool = False) -> Layers:
    """The layers of a database of PostgreSQL, told apart where its baselines are databases."""

    def content() -> Snapshot:
        with cluster.connect(database) as connection:
            return take(connection, cluster_wide=False, built_in=built_in)

    separation = Databases(cluster, database, built_in=built_in) if isolation.baselines else None
    return Layers(isolation, content=content, separation=separation)


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
