"""The keys of an issuer: one signs, some are published."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any

from seatrial.identities.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Sequence


class KeyRing:
    """Published keys, the newest of which signs.

    It is read by the server's thread while a test changes it: each change replaces the whole ring.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: Keys | None = None
        self._published: Sequence[Keys] = ()

    @property
    def published(self) -> Sequence[Keys]:
        """All keys that verify tokens now, oldest first; the first is made when it is needed."""
        with self._lock:
            if self._first is None:
                self._first = _new()
                self._published = (self._first,)
            return self._published

    @property
    def signing(self) -> Keys:
        """The key that signs now."""
        return self.published[-1]

    def rotate(self) -> None:
        """Sign with a new key, and publish the old ones still."""
        self._published = (*self.published, _new())

    def retire(self) -> None:
        """Publish nothing but the key that signs."""
        self._published = (self.signing,)

    def reset(self) -> None:
        """Be as at the start: the first key signs, and it alone is published."""
        if self._first is not None:
            self._published = (self._first,)

    def find(self, kid: str | None) -> Keys | None:
        """The published key of this name."""
        return next((keys for keys in self.published if keys.kid == kid), None)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The published keys as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [_jwk(keys) for keys in self.published]}


def _new() -> Keys:
    return Keys.generate("RS256", kid=secrets.token_hex(8))


def _jwk(keys: Keys) -> dict[str, Any]:
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415 - only there with the extra

    public = RSAAlgorithm.to_jwk(keys.signing.public_key(), as_dict=True)
    return {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": keys.kid, "alg": "RS256", "use": "sig"}
