"""How a connection begins whose client somebody else has received: a gate that asks for a token, say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seatrial.tcp.target import Target


class Opening(Protocol):
    """Speaks to the service in the client's place until its login is over.

    Attributes:
        target: where the service is.
        first: what the service is told first.
        session: what the service calls the session, once it has told; 0 before.
        is_over: whether from now on bytes pass as they come.
    """

    target: Target
    first: bytes
    session: int
    is_over: bool

    def hear(self, data: bytes) -> tuple[bytes, bytes]:
        """Take what the service says; give what the client hears of it, and what is answered."""

    def nobody_there(self, error: OSError) -> bytes:
        """What the client is told where the service cannot be reached."""
