"""How webhooks are signed: by Stripe, by GitHub, and by the specification Standard Webhooks.

Sources: Stripe, "Resolve webhook signature verification errors"; GitHub, "Validating webhook deliveries";
standardwebhooks.com, "Standard Webhooks", section "Signature scheme".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Protocol

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE_S = 300
"""How far the time in a signature may be from now, in seconds; as Stripe and Standard Webhooks advise."""


class Scheme(Protocol):
    """One way of signing. Headers have lower-case names."""

    timed: bool
    """Whether the time of sending is signed, too."""
    signature: str
    """The header that holds the signature."""

    def key(self, secret: str) -> bytes:
        """The key that a secret stands for."""

    def sign(self, body: bytes, *, key: bytes, now: int, message_id: str) -> dict[str, str]:
        """The headers of a webhook that is sent now, in Unix seconds."""

    def refusal(self, body: bytes, headers: Mapping[str, str], *, key: bytes, now: int) -> str | None:
        """Why a webhook is refused; None when its signature is right."""


class _Stripe:
    timed = True
    signature = "stripe-signature"

    def key(self, secret: str) -> bytes:
        return secret.encode()

    def sign(self, body: bytes, *, key: bytes, now: int, message_id: str) -> dict[str, str]:  # noqa: ARG002
        return {self.signature: f"t={now},v1={self._digest(body, key, str(now))}"}

    def refusal(self, body: bytes, headers: Mapping[str, str], *, key: bytes, now: int) -> str | None:
        pairs = [part.strip().partition("=") for part in headers.get(self.signature, "").split(",")]
        times = [value for name, _, value in pairs if name == "t"]
        found = [value for name, _, value in pairs if name == "v1"]
        if not times or not found:
            return f"its header {self.signature} is missing or has no t= and v1="
        expected = self._digest(body, key, times[0])
        return _refusal(found, expected) or _late(times[0], now)

    def _digest(self, body: bytes, key: bytes, time: str) -> str:
        return hmac.new(key, time.encode() + b"." + body, hashlib.sha256).hexdigest()


class _GitHub:
    timed = False
    signature = "x-hub-signature-256"

    def key(self, secret: str) -> bytes:
        return secret.encode()

    def sign(self, body: bytes, *, key: bytes, now: int, message_id: str) -> dict[str, str]:  # noqa: ARG002
        return {self.signature: f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"}

    def refusal(self, body: bytes, headers: Mapping[str, str], *, key: bytes, now: int) -> str | None:
        found = headers.get(self.signature)
        if not found:
            return f"its header {self.signature} is missing"
        return _refusal([found], self.sign(body, key=key, now=now, message_id="")[self.signature])


class _StandardWebhooks:
    timed = True
    signature = "webhook-signature"

    def key(self, secret: str) -> bytes:
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise FakeError(
                "A secret of Standard Webhooks expects base64, after `whsec_` if that is there; found other "
                "characters.",
                code="fakes.webhook",
                remedy="Use a secret such as the service gives out, in the test as in the application.",
            ) from None

    def sign(self, body: bytes, *, key: bytes, now: int, message_id: str) -> dict[str, str]:
        digest = self._digest(body, key, str(now), message_id)
        return {"webhook-id": message_id, "webhook-timestamp": str(now), self.signature: f"v1,{digest}"}

    def refusal(self, body: bytes, headers: Mapping[str, str], *, key: bytes, now: int) -> str | None:
        names = ("webhook-id", "webhook-timestamp", self.signature)
        missing = [name for name in names if not headers.get(name)]
        if missing:
            return f"its header {missing[0]} is missing"
        message_id, time, signatures = (headers[name] for name in names)
        found = [each.removeprefix("v1,") for each in signatures.split() if each.startswith("v1,")]
        return _refusal(found, self._digest(body, key, time, message_id)) or _late(time, now)

    def _digest(self, body: bytes, key: bytes, time: str, message_id: str) -> str:
        signed = f"{message_id}.{time}.".encode() + body
        return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


SCHEMES: dict[str, Scheme] = {
    "github": _GitHub(),
    "standard-webhooks": _StandardWebhooks(),
    "stripe": _Stripe(),
}


def named_scheme(name: str) -> Scheme:
    """A scheme that is built in.

    Raises:
        FakeError: there is none of this name.
    """
    if name not in SCHEMES:
        raise FakeError(
            f"A webhook expects one of the schemes {', '.join(SCHEMES)}, or a function; found {name!r}.",
            code="fakes.webhook",
            remedy="For another way of signing, pass a function as scheme.",
        )
    return SCHEMES[name]


def check_secret(secret: object) -> None:
    """Refuse what is no secret, without showing it.

    Raises:
        FakeError: it is no text, or empty.
    """
    if not isinstance(secret, str) or not secret:
        raise FakeError(
            f"A signed webhook expects a secret as text, found {type(secret).__name__}"
            f"{'' if secret else ', which is empty'}.",
            code="fakes.webhook",
            remedy="Give secret= the value that the application has; without both nothing is signed.",
        )


def _refusal(found: list[str], expected: str) -> str | None:
    right = any(hmac.compare_digest(each.encode(), expected.encode()) for each in found)
    return (
        None
        if right
        else "its signature is wrong: another secret, or a body that was changed after it was signed"
    )


def _late(time: str, now: int) -> str | None:
    if not time.isdecimal():
        return "its time of signing is no number"
    away = abs(now - int(time))
    return (
        None if away <= TOLERANCE_S else f"it was signed {away} s away from now, {TOLERANCE_S} s are allowed"
    )
