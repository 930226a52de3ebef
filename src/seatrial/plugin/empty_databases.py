"""`empty_database`: further databases for what makes its own schema, a migration say."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from seatrial.checks import Ground
from seatrial.postgres.handle import Handle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seatrial.trial import Trial


def empty_databases(trial: Trial) -> Callable[[], contextlib.AbstractContextManager[Handle]]:
    """What makes them, on the server of a run.

    Raises:
        CheckError: there is no PostgreSQL here, or no database may be made on it.
    """
    ground = Ground.of_trial(trial, purpose="empty")

    @contextlib.contextmanager
    def empty_database() -> Iterator[Handle]:
        """A handle on a database with the declared extensions and nothing else; it is dropped after."""
        with ground.empty() as scratch:
            handle = Handle(lambda: scratch.connect(login="owner"), scratch.address().url)
            try:
                yield handle
            finally:
                handle.close()

    return empty_database
