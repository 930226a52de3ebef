"""SCRAM-SHA-256 as a client (RFC 5802 and 7677), without channel binding."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata

MECHANISM = b"SCRAM-SHA-256"
_NO_BINDING = b"n,,"


class Scram:
    """One exchange.

    Args:
        password: of the role; the server knows its name from the startup message.
    """

    def __init__(self, password: str) -> None:
        # The part of SASLprep that changes letters. What else it maps or forbids no password should have.
        self._password = unicodedata.normalize("NFKC", password).encode()
        self._bare = b"n=,r=" + base64.b64encode(secrets.token_bytes(18))

    def first(self) -> bytes:
        """The first message."""
        return _NO_BINDING + self._bare

    def second(self, challenge: bytes) -> bytes:
        """The proof, for the server's first message: `r=nonce,s=salt,i=rounds`."""
        parts = dict(part.split(b"=", 1) for part in challenge.split(b","))
        salted = hashlib.pbkdf2_hmac(
            "sha256", self._password, base64.b64decode(parts[b"s"]), int(parts[b"i"])
        )
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        final = b"c=" + base64.b64encode(_NO_BINDING) + b",r=" + parts[b"r"]
        signed = b",".join((self._bare, challenge, final))
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return final + b",p=" + base64.b64encode(proof)
