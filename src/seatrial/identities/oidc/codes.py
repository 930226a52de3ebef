"""What an issuer remembers between two calls: authorization codes and refresh tokens, each good once."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What somebody was allowed.

    Attributes:
        user: whose tokens may be had.
        scope: the scopes, separated by spaces.
        public: whether it may be used without the secret of the client.
        redirect_uri: where the code was sent, for codes.
        challenge: what the verifier must hash to (RFC 7636, S256), for codes.
        nonce: what the ID token repeats, for codes.
    """

    user: str
    scope: str
    public: bool = False
    redirect_uri: str | None = None
    challenge: str | None = None
    nonce: str | None = None

    def proves(self, verifier: str | None) -> bool:
        """Tell whether a verifier fits the challenge; without a challenge none may be sent."""
        if self.challenge is None or verifier is None:
            return self.challenge is None and verifier is None
        hashed = hashlib.sha256(verifier.encode()).digest()
        return secrets.compare_digest(base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(), self.challenge)


class Codes:
    """Grants by the opaque text that stands for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}

    def keep(self, grant: Grant) -> str:
        """Remember a grant; the text that stands for it."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._grants[code] = grant
        return code

    def take(self, code: str) -> Grant | None:
        """The grant behind a text, which is worthless from now on."""
        with self._lock:
            return self._grants.pop(code, None)
