"""What a gate is told: who may come in, and what is behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.tcp import Target, TcpProxy


class Verdict(Enum):
    """What a token is good for. The client of a refused one is not told which it was."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FOREIGN = "foreign"
    """It is somebody else's."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """One attempt to log in; without the token.

    Attributes:
        role: the user name of the startup message.
        verdict: what was said of the token; None where it was not asked for, since the client came without
            TLS or gave up.
        sqlstate: what the client was refused with; empty where it was let in. A refusal by the database
            itself, to which it was let in, is not known here.
    """

    role: str
    verdict: Verdict | None
    sqlstate: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """How a role reaches the database.

    Attributes:
        target: where the server is.
        password: of the role; None where the server asks for none.
    """

    target: Target
    password: str | None = field(default=None, repr=False)


class Refused(Exception):  # noqa: N818 - an answer for a client, no error of ours
    """A client is turned away, as a server does it.

    Args:
        sqlstate: five characters.
        message: what is wrong.
        hint: what to do.
    """

    def __init__(self, sqlstate: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """The database behind a gate.

    Attributes:
        database: the only name that clients find.
        route: gives the way for a role, in a thread of its own; may start the server. It raises `Refused`
            for a role that has none. The port is the one that the client comes from.
        proxy: the faults that sessions meet, where there are any.
        join: is given the gate's address, and what tells where a client comes from whose session the server
            knows by a number: minus that of its process.
    """

    database: str
    route: Callable[[str, int], Route] = field(repr=False)
    proxy: TcpProxy | None = None
    join: Callable[[tuple[str, int], Callable[[int], int]], object] | None = field(default=None, repr=False)
