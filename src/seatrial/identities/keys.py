"""The keys that sign tokens: made for one run, never written anywhere."""

from __future__ import annotations

import secrets
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from seatrial.errors import IdentityError

if TYPE_CHECKING:
    from seatrial.config.settings import Algorithm

_SECRET_BYTES = 48
_RSA_BITS = 2048


class Keys:
    """A signing key, what the application needs to verify with it, and a second key nobody trusts.

    Make one with `Keys.generate`.

    Args:
        algorithm: `HS256` or `RS256`.
        signing: the shared secret (HS256) or the private key object (RS256).
        kid: the name under which the key is published, None where it is not.
    """

    def __init__(self, algorithm: Algorithm, signing: Any, *, kid: str | None = None) -> None:
        self.algorithm: Algorithm = algorithm
        self.signing = signing
        self.kid = kid

    def __repr__(self) -> str:
        return f"Keys({self.algorithm!r})"

    @classmethod
    def generate(cls, algorithm: Algorithm = "HS256", *, kid: str | None = None) -> Keys:
        """Make fresh keys.

        Raises:
            IdentityError: the algorithm is unknown, or RS256 is asked for without `cryptography`.
        """
        return cls(algorithm, _new_key(algorithm), kid=kid)

    @property
    def secret(self) -> str:
        """The shared secret: text that is safe in an environment variable and a URL.

        Raises:
            IdentityError: RS256 has none.
        """
        if self.algorithm == "HS256":
            return str(self.signing)
        raise IdentityError(
            f"{self.algorithm} tokens have no shared secret.",
            code="identities.no-secret",
            remedy='Use {identities.public_key}, or set algorithm = "HS256".',
        )

    @cached_property
    def public_key(self) -> str:
        """The public key as PEM.

        Raises:
            IdentityError: HS256 has none.
        """
        if self.algorithm == "HS256":
            raise IdentityError(
                "HS256 tokens have no public key.",
                code="identities.no-public-key",
                remedy='Use {identities.secret}, or set algorithm = "RS256".',
            )
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- an extra

        pem: bytes = self.signing.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem.decode()

    @cached_property
    def untrusted(self) -> Any:
        """Another key of the same kind, which the application does not know."""
        return _new_key(self.algorithm)


def require_cryptography() -> None:
    """Refuse RS256 where it cannot be had.

    Raises:
        IdentityError: the extra `rsa` is not installed.
    """
    if find_spec("cryptography") is None:
        raise IdentityError(
            "RS256 needs the package cryptography, which is not installed.",
            code="identities.no-cryptography",
            remedy="pip install 'seatrial[rsa]'",
        )


def _new_key(algorithm: Algorithm) -> Any:
    if algorithm == "HS256":
        return secrets.token_urlsafe(_SECRET_BYTES)
    if algorithm != "RS256":
        raise IdentityError(
            f"Expected HS256 or RS256 as the algorithm of the tokens, found {algorithm!r}.",
            code="identities.algorithm",
            remedy="Use one of the two.",
        )
    require_cryptography()
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 -- an extra

    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
