"""Send a webhook to the application as the external service would, or as somebody who pretends to be it."""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import encoded
from seatrial.fakes.http.matching import NOTHING
from seatrial.fakes.http.webhooks.schemes import TOLERANCE_S, Scheme, check_secret, named_scheme

Signer = Callable[[bytes, str], Mapping[str, str]]
Tamper = Literal["unsigned", "wrong-signature", "changed-body", "old-timestamp"]

_TAMPERS = ("unsigned", "wrong-signature", "changed-body", "old-timestamp")
_AN_HOUR = 3600


def payload(json: Any, content: bytes | None) -> tuple[bytes, str]:
    """The body of a webhook and its media type.

    Raises:
        FakeError: there is none, there are two, or JSON cannot hold it.
    """
    if (json is NOTHING) == (content is None):
        raise _wrong("A webhook expects a body, either json= or content=")
    return (encoded(json), "application/json") if content is None else (content, "application/octet-stream")


def signed(
    body: bytes, *, secret: str | None, scheme: str | Signer | None, tamper: str | None, message_id: str
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers as they are sent.

    Raises:
        FakeError: secret, scheme and tampering do not go together.
    """
    if tamper is not None and tamper not in _TAMPERS:
        raise _wrong(f"A webhook expects tamper as one of {', '.join(_TAMPERS)}, found {tamper!r}")
    if scheme is None or secret is None:
        if scheme is not None or secret is not None or tamper is not None:
            raise _wrong("A signed webhook expects both secret and scheme")
        return body, {}
    check_secret(secret)
    if tamper == "unsigned":
        return body, {}
    sent = _changed(body) if tamper == "changed-body" else body
    if callable(scheme):
        return sent, _by_function(scheme, body, secret, tamper)
    return sent, _by_scheme(named_scheme(scheme), body, secret, tamper, message_id)


def _by_function(sign: Signer, body: bytes, secret: str, tamper: str | None) -> dict[str, str]:
    if tamper == "old-timestamp":
        raise _wrong("tamper='old-timestamp' expects a scheme that signs the time, found a function")
    return dict(sign(body, f"{secret}-wrong" if tamper == "wrong-signature" else secret))


def _by_scheme(
    scheme: Scheme, body: bytes, secret: str, tamper: str | None, message_id: str
) -> dict[str, str]:
    if tamper == "old-timestamp" and not scheme.timed:
        raise _wrong("tamper='old-timestamp' expects a scheme that signs the time, found one that does not")
    key = scheme.key(secret) + (b"-wrong" if tamper == "wrong-signature" else b"")
    now = int(time.time()) - (TOLERANCE_S + _AN_HOUR if tamper == "old-timestamp" else 0)
    return scheme.sign(body, key=key, now=now, message_id=message_id)


def _changed(body: bytes) -> bytes:
    # An application that verifies what it decoded, and not the bytes, has to notice it, too.
    try:
        value = json_module.loads(body)
    except ValueError:
        return body + b" "
    return encoded({**value, "tampered": True} if isinstance(value, dict) else [value])


def post(client: Any, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
    """Send it: by a client, without the credentials of a user, or to a base URL.

    Returns:
        What the client's `post` returns; of an asynchronous client that is to be awaited.
    """
    if isinstance(client, str):
        import httpx2  # noqa: PLC0415 - its import takes long

        with httpx2.Client(base_url=client, trust_env=False) as own:
            return own.post(path, content=body, headers=dict(headers))
    sender = client.anonymous() if hasattr(client, "anonymous") else client
    return sender.post(path, content=body, headers=dict(headers))


def _wrong(message: str) -> FakeError:
    return FakeError(
        f"{message}.",
        code="fakes.webhook",
        remedy='Write send_webhook(client, "/webhooks", json={...}, secret="...", scheme="stripe").',
    )
