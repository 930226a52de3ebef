"""The messages at the beginning of a PostgreSQL connection (protocol 3, "Message Formats" of its manual)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.lakebase.upstream import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = 8
"""Bytes of a first packet's length and code."""
LONGEST_STARTUP = 10_000
LONGEST_TOKEN = 65_535
"""Bytes; PostgreSQL's own limits."""
CANCEL, TLS, GSS = 80_877_102, 80_877_103, 80_877_104
CLEARTEXT = 3
READY, ERROR, AUTHENTICATION, KEY = b"Z", b"E", b"R", b"K"
FRAME = 5
"""Bytes of a message's kind and length."""
_LENGTH = 4
_PASSWORD = ord("p")
_MAJOR = 3


class NotPostgresError(Exception):
    """A client says what is no beginning of the protocol; PostgreSQL closes its connection without a word."""


@dataclass(frozen=True, kw_only=True)
class Startup:
    """A client's startup message.

    Attributes:
        packet: as it came.
        parameters: what it says, `user` among it.
    """

    packet: bytes
    parameters: Mapping[str, str]

    @property
    def role(self) -> str:
        """The user name."""
        return self.parameters.get("user", "")

    @property
    def database(self) -> str:
        """The database; by default it is called as the user."""
        return self.parameters.get("database") or self.role


def head_of(packet: bytes) -> tuple[int, int]:
    """The length of a first packet, its head included, and its code.

    Raises:
        NotPostgresError: it is none.
    """
    length, code = struct.unpack("!ii", packet)
    if not HEAD <= length <= LONGEST_STARTUP:
        raise NotPostgresError
    return length, code


def read_startup(head: bytes, body: bytes) -> Startup:
    """Read a startup message.

    Raises:
        Refused: it is of another version, or broken, or names no user.
    """
    _, code = head_of(head)
    if code >> 16 != _MAJOR:
        raise Refused(
            "0A000",
            f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}: server supports 3.0 and later",
        )
    words = body.decode("utf-8", "surrogateescape").split("\0")
    # Each word ends with a NUL, and one more ends them all.
    if len(words) < 2 or any(words[-2:]) or len(words) % 2:  # noqa: PLR2004 - see above
        raise Refused("08P01", "invalid startup packet layout: expected terminator as last byte")
    startup = Startup(packet=head + body, parameters=dict(zip(words[:-2:2], words[1:-2:2], strict=True)))
    if not startup.role:
        raise Refused("28000", "no PostgreSQL user name specified in startup packet")
    return startup


def password_of(payload: bytes) -> str:
    """The password in a PasswordMessage.

    Raises:
        Refused: there is none.
    """
    password = payload.removesuffix(b"\0")
    if not payload.endswith(b"\0") or b"\0" in password:
        raise Refused("08P01", "invalid password packet size")
    return password.decode("utf-8", "surrogateescape")


def length_of_password(head: bytes) -> int:
    """How many bytes follow the first five of a PasswordMessage.

    Raises:
        Refused: it is another message, or too long.
    """
    kind, length = struct.unpack("!Bi", head)
    if kind != _PASSWORD or not _LENGTH < length <= LONGEST_TOKEN:
        raise Refused("08P01", f"expected password response, got message type {kind}")
    return int(length) - _LENGTH


def message(kind: bytes, payload: bytes) -> bytes:
    """One message, with its length."""
    return kind + struct.pack("!i", len(payload) + _LENGTH) + payload


def ask_for_password() -> bytes:
    """AuthenticationCleartextPassword."""
    return message(AUTHENTICATION, struct.pack("!i", CLEARTEXT))


def fatal(refused: Refused) -> bytes:
    """The ErrorResponse that ends a connection."""
    fields = {"S": "FATAL", "V": "FATAL", "C": refused.sqlstate, "M": refused.message, "H": refused.hint}
    text = "".join(f"{name}{value}\0" for name, value in fields.items() if value)
    return message(ERROR, text.encode("utf-8", "surrogateescape") + b"\0")


def take_message(heard: bytearray) -> tuple[bytes, bytes] | None:
    """Take the first whole message from what was heard: its kind and payload; None: it is not complete."""
    if len(heard) < FRAME:
        return None
    length = struct.unpack_from("!i", heard, 1)[0] + 1
    if len(heard) < length:
        return None
    kind, payload = bytes(heard[:1]), bytes(heard[FRAME:length])
    del heard[: max(length, FRAME)]
    return kind, payload
