"""Several statements in one round trip."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


@contextlib.contextmanager
def batch(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Send statements without waiting for each answer, where libpq can; answers are there at the end."""
    import psycopg  # noqa: PLC0415 - an extra; loaded only when a server is used

    if psycopg.Pipeline.is_supported():
        with connection.pipeline():
            yield
    else:
        yield
