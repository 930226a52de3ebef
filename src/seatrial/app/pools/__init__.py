"""Heal the application's connection pools after the test database was replaced under the same name."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from seatrial.app.pools.asyncpg import numbers_of
from seatrial.app.pools.django import DjangoHealer
from seatrial.app.pools.psycopg import PsycopgHealer
from seatrial.app.pools.sqlalchemy import SqlalchemyHealer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.app.pools.addresses import Addresses
    from seatrial.app.runner import AppRunner

__all__ = ["PoolHealer"]


class PoolHealer:
    """Makes every pool of the application reconnect without an error the application could see.

    Each library is touched only if it is loaded, and none is patched.

    Args:
        runner: the running application, if there is one; without it the pools of tests are healed.
    """

    def __init__(self, runner: AppRunner | None = None) -> None:
        self.runner = runner
        self._sqlalchemy = SqlalchemyHealer()
        self._psycopg = PsycopgHealer()
        self._django = DjangoHealer()

    def install(self) -> None:
        """Begin to watch SQLAlchemy's pools, if it is loaded; may be called again and again."""
        self._sqlalchemy.install()

    def remove(self) -> None:
        """Stop watching."""
        self._sqlalchemy.remove()

    @contextlib.contextmanager
    def replacing(self, addresses: Addresses) -> Iterator[None]:
        """Wrap the replacement of a database: end its sessions and swap it inside the ``with`` block.

        The application's loop stands still meanwhile: a pool that keeps a minimum of connections would
        otherwise connect again between the end of its sessions and the swap.

        Args:
            addresses: host and port of the server.
        """
        self._sqlalchemy.retire(addresses)
        outdated = numbers_of(addresses) if "asyncpg" in sys.modules else set()
        with self.runner.held(outdated) if self.runner else contextlib.nullcontext():
            yield
            self._django.retire(addresses)
        self._psycopg.retire(self._running)

    @property
    def _running(self) -> AppRunner | None:
        return self.runner if self.runner is not None and self.runner.is_running else None
