"""The login at the server behind the gate, for a client whose token was accepted."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.lakebase.packets import (
    AUTHENTICATION,
    CLEARTEXT,
    ERROR,
    KEY,
    READY,
    fatal,
    message,
    take_message,
)
from seatrial.fakes.databricks.lakebase.scram import MECHANISM, Scram
from seatrial.fakes.databricks.lakebase.upstream import Refused

if TYPE_CHECKING:
    from seatrial.fakes.databricks.lakebase.packets import Startup
    from seatrial.fakes.databricks.lakebase.upstream import Route

_PASSWORD = b"p"
_OK, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 5, 10, 11, 12


class ServerLogin:
    """Passes the client's startup message on, answers what the server asks, and hides that from the client.

    Args:
        route: where the server is, and the role's password there.
        startup: the client's message.
        early: what the client sent after its token, without waiting for an answer.
    """

    def __init__(self, route: Route, startup: Startup, *, early: bytes = b"") -> None:
        self.target = route.target
        self.first = startup.packet
        self.session = 0
        self.is_over = False
        self._role = startup.role
        self._password = route.password
        self._early = early
        self._heard = bytearray()
        self._scram: Scram | None = None

    def hear(self, data: bytes) -> tuple[bytes, bytes]:
        """Take what the server says; give what the client is told of it, and what the server is answered."""
        self._heard += data
        told, reply = bytearray(), b""
        while not self.is_over and (found := take_message(self._heard)) is not None:
            kind, payload = found
            answer = None
            if kind == AUTHENTICATION:
                try:
                    answer = self._answer(payload)
                except Refused as refused:
                    kind, payload = ERROR, fatal(refused)[5:]
            if answer is not None:
                reply += answer
                continue
            told += message(kind, payload)
            if kind == KEY:
                (self.session,) = struct.unpack_from("!i", payload)
            if kind in (READY, ERROR):
                self.is_over = True
                reply += self._early
        if self.is_over:
            told += self._heard
        return bytes(told), reply

    def nobody_there(self, error: OSError) -> bytes:
        """What the client is told where the server cannot be reached."""
        reason = error.strerror or type(error).__name__
        return fatal(Refused("57P03", f"the database behind this endpoint cannot be reached: {reason}"))

    def _answer(self, request: bytes) -> bytes | None:
        """What a request for a proof is answered; None: the client is told instead of us."""
        (kind,) = struct.unpack_from("!i", request)
        payload = request[4:]
        if kind == _OK:
            return None
        if self._password is None:
            raise self._unable("asks for a proof that there is none of")
        if kind == CLEARTEXT:
            return message(_PASSWORD, self._password.encode() + b"\0")
        if kind == _MD5:
            return message(_PASSWORD, _md5(self._role, self._password, salt=payload) + b"\0")
        if kind == _SASL and MECHANISM in payload.split(b"\0"):
            self._scram = Scram(self._password)
            first = self._scram.first()
            return message(_PASSWORD, MECHANISM + b"\0" + struct.pack("!i", len(first)) + first)
        if kind == _SASL_CONTINUE and self._scram is not None:
            return message(_PASSWORD, self._scram.second(payload))
        if kind == _SASL_FINAL:
            return b""
        raise self._unable(f"asks for a proof of the kind {kind}, which is not known here")

    def _unable(self, why: str) -> Refused:
        return Refused("28000", f'the server behind this endpoint {why} (role "{self._role}")')


class CancelRequest:
    """Passes a request to cancel on: it carries the key that the server itself gave out.

    Args:
        route: where the server is.
        packet: the request.
    """

    is_over = True
    session = 0

    def __init__(self, route: Route, packet: bytes) -> None:
        self.target = route.target
        self.first = packet

    def hear(self, data: bytes) -> tuple[bytes, bytes]:
        """The server answers nothing."""
        return data, b""

    def nobody_there(self, error: OSError) -> bytes:
        """The client expects no answer."""
        del error
        return b""


def _md5(role: str, password: str, *, salt: bytes) -> bytes:
    inner = hashlib.md5((password + role).encode(), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode()
