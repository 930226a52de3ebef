"""Faults of the way to the database, between one test and the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from seatrial.errors import FakeError
    from seatrial.postgres.faults import DatabaseProxy


class FaultyWay:
    """Ends what a test's faults have done; does nothing where the settings have no `faults`.

    Args:
        proxy: gives what is between the application and its database; None where nothing is.
        replacing: wraps what ends the sessions of the database.
    """

    def __init__(
        self, proxy: Callable[[], DatabaseProxy | None], replacing: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._proxy = proxy
        self._replacing = replacing

    def calm(self) -> None:
        """A test is over: what hangs because of its faults is let go."""
        if proxy := self._proxy():
            proxy.calm()

    def mend(self) -> None:
        """Let the pools of the application, whose connections a fault has broken, begin anew."""
        proxy = self._proxy()
        if proxy is not None and proxy.broke_connections:
            with self._replacing():
                proxy.close_connections()

    def problems(self) -> list[FakeError]:
        """What is wrong with the faults of the test, whose own part is over."""
        proxy = self._proxy()
        return proxy.problems() if proxy is not None else []

    def forget(self) -> None:
        """Another test begins."""
        if proxy := self._proxy():
            proxy.forget()
            self.mend()
