"""Where the application's own webhooks arrive: each signature is verified, each webhook is kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import Answer, answer
from seatrial.fakes.http.table import Match
from seatrial.fakes.http.webhooks.schemes import check_secret, named_scheme
from seatrial.fakes.request import shown
from seatrial.fakes.secrecy import Headers

if TYPE_CHECKING:
    from seatrial.fakes.http.paths import PathTemplate
    from seatrial.fakes.request import Request

Verifier = Callable[[bytes, Mapping[str, str], str], bool]


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One webhook that arrived, its signature being right."""

    path: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)

    @property
    def json(self) -> Any:
        """The decoded body, or None when it was not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Receiver:
    """Receives the webhooks of the application at one path.

    Args:
        path: where they arrive.
        secret: what they are signed with; None for unsigned ones.
        scheme: how they are signed: a name, or a function of body, headers and secret that says whether the
            signature is right.
        standing: whether it is there in every test of the run.
        on_refusal: told why a webhook was refused.
        error_body: gives the body of an error.

    Raises:
        FakeError: secret and scheme do not go together.
    """

    def __init__(
        self,
        path: PathTemplate,
        *,
        secret: str | None,
        scheme: str | Verifier | None,
        standing: bool,
        on_refusal: Callable[[str], None],
        error_body: Callable[[int, str], Any],
    ) -> None:
        _check(secret, scheme)
        self.standing = standing
        self._path = path
        self._verify = _verifier(secret, scheme)
        self._on_refusal = on_refusal
        self._error_body = error_body
        self._arrived = threading.Condition()
        self._received: list[Webhook] = []
        self._refused: list[str] = []

    @property
    def received(self) -> list[Webhook]:
        """Those with a right signature, in the order in which they arrived."""
        with self._arrived:
            return list(self._received)

    def wait_for(self, count: int = 1, *, timeout: float = 5.0) -> list[Webhook]:
        """Wait until `count` webhooks are there, for those that background work sends.

        Args:
            count: how many since the test began.
            timeout: in seconds.

        Returns:
            All that are there then.

        Raises:
            AssertionError: fewer arrived in time, or one was refused; the message says why.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._received) >= count or self._refused, timeout)
            if len(self._received) >= count:
                return list(self._received)
            refused = f"; refused: {'; '.join(self._refused)}" if self._refused else ""
            raise AssertionError(
                f"expected {count} webhook(s) at {self._path.text} within {timeout:g} s, "
                f"found {len(self._received)}{refused}"
            )

    @property
    def labels(self) -> list[str]:
        """How messages name its route."""
        return [f"POST {self._path.text}"]

    def match(self, request: Request) -> Match | None:
        """How well it fits; None when the request is for another."""
        if request.method != "POST" or self._path.match(request.path) is None:
            return None
        return Match(
            rank=(0, len(self._path.names)),
            answer=lambda: self._receive(request),
            documented=False,
            may_refuse=True,
        )

    def spent(self, _request: Request) -> bool:
        """Never: it takes any number."""
        return False

    def pending(self) -> list[str]:
        """Nothing: a test says itself how many it waits for."""
        return []

    async def _receive(self, request: Request) -> Answer:
        why = self._verify(request)
        if why is not None:
            # Before anybody who waits is told: then the test may be over.
            self._on_refusal(f"it refused a webhook of the application at {request.path}: {why}")
        with self._arrived:
            if why is None:
                self._received.append(Webhook(path=request.path, headers=shown(request), body=request.body))
            else:
                self._refused.append(why)
            self._arrived.notify_all()
        if why is None:
            return answer(status=200, json={"received": True})
        return answer(status=401, json=self._error_body(401, why))

    def __repr__(self) -> str:
        return f"<receiver {self._path.text}: {len(self.received)} webhook(s)>"


def _verifier(secret: str | None, scheme: str | Verifier | None) -> Callable[[Request], str | None]:
    if secret is None or scheme is None:
        return lambda _request: None
    if callable(scheme):
        verify = scheme
        return lambda request: (
            None
            if verify(request.body, request.headers, secret)
            else "the function given as scheme refuses it"
        )
    known = named_scheme(scheme)
    key = known.key(secret)
    return lambda request: known.refusal(request.body, request.headers, key=key, now=int(time.time()))


def _check(secret: str | None, scheme: object) -> None:
    if (secret is None) != (scheme is None):
        raise FakeError(
            "A receiver expects both secret and scheme, or neither for webhooks without a signature.",
            code="fakes.webhook",
            remedy='Write receiver("/hooks/orders", secret="...", scheme="standard-webhooks").',
        )
    if scheme is not None:
        check_secret(secret)
