"""The little that a proxy knows of the protocol it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _at_once(answer: bytes) -> bool:
    del answer
    return True


@dataclass(frozen=True, kw_only=True)
class Wire:
    """What tells uses of a service from the beginning and the end of a connection.

    Attributes:
        farewell: what a client sends before it leaves; it is no use.
        logs_in: whether a client logs in before its first use.
        is_ready: whether a piece of an answer says that the login is over. Until then faults for a number of
            uses pass a connection by, so that a pool that connects in the background does not use them up.
    """

    farewell: bytes = b""
    logs_in: bool = False
    is_ready: Callable[[bytes], bool] = _at_once


ANY = Wire()
