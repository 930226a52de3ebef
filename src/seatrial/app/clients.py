"""HTTP clients for the application, able to speak as any user."""

from __future__ import annotations

import functools
import importlib.util
from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from seatrial.app.cookies import LocalCookies, take_credential
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Mapping


IDENTITY = "seatrial.identity"
"""The extension by which a request names whose it is; None: nobody's."""


class Authenticate(Protocol):
    """Gives the request headers for a user's name or an identity object."""

    def __call__(self, identity: str | object, /) -> Mapping[str, str]: ...  # noqa: D102


class _Borrowed(httpx2.BaseTransport):
    """A transport that somebody else closes."""

    def __init__(self, transport: httpx2.BaseTransport) -> None:
        self.handle_request = transport.handle_request  # type: ignore[method-assign]  # one call less per request


class _AsyncBorrowed(httpx2.AsyncBaseTransport):
    """A transport that somebody else closes."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self.handle_async_request = transport.handle_async_request  # type: ignore[method-assign]  # the same


class Client(httpx2.Client):
    """An ``httpx2.Client`` for the application; anonymous until :meth:`as_user` is called.

    Args:
        transport: how requests reach the application.
        base_url: where the application is.
        authenticate: gives the headers for a user's name or an identity object.
        options: whatever else ``httpx2.Client`` takes; clients made by this one get the same.
    """

    def __init__(
        self,
        *,
        transport: httpx2.BaseTransport,
        base_url: str,
        authenticate: Authenticate,
        **options: Any,
    ) -> None:
        super().__init__(transport=transport, base_url=base_url, **{"cookies": LocalCookies(), **options})
        self._make = functools.partial(
            Client, transport=_Borrowed(transport), base_url=base_url, authenticate=authenticate, **options
        )
        self._authenticate = authenticate
        self._identity: str | None = None
        self._family: list[Client] = [self]

    def as_user(self, name: str) -> Client:
        """Return a client that speaks as this user, with headers and cookies of its own."""
        return self._relative(self._authenticate(name), identity=name)

    def as_identity(self, identity: object) -> Client:
        """Return a client that speaks as this identity, with headers and cookies of its own."""
        return self._relative(self._authenticate(identity), identity=_name(identity))

    def anonymous(self) -> Client:
        """Return a client without any credential, with headers and cookies of its own."""
        return self._relative({}, identity=None)

    def build_request(self, method: str, url: httpx2.URL | str, **options: Any) -> httpx2.Request:
        """Build a request that says whose it is; see ``httpx2.Client.build_request``."""
        request = super().build_request(method, url, **options)
        request.extensions[IDENTITY] = self._identity
        return request

    def _relative(self, credential: Mapping[str, str], *, identity: str | None) -> Client:
        relative = self._make()
        relative._identity = identity  # noqa: SLF001 - the same class
        take_credential(relative, credential)
        relative.timeout, relative.follow_redirects = self.timeout, self.follow_redirects
        relative._family = self._family  # noqa: SLF001 - the same class
        self._family.append(relative)
        return relative

    def websocket(self, url: httpx2.URL | str, **options: Any) -> Any:
        """Open a websocket session; see ``httpx2.Client.websocket``."""
        _need_wsproto()
        return super().websocket(url, **options)

    def close(self) -> None:
        """Close this client, and with the first one all clients made from it."""
        self._close_relatives()
        super().close()

    def __exit__(self, *error: object) -> None:
        self._close_relatives()
        super().__exit__(*error)  # type: ignore[arg-type]  # the interpreter gives three

    def _close_relatives(self) -> None:
        if self._family[0] is self:
            for relative in self._family[1:]:
                relative.close()
            del self._family[1:]


class AsyncClient(httpx2.AsyncClient):
    """An ``httpx2.AsyncClient`` for the application; anonymous until :meth:`as_user` is called.

    Args:
        transport: how requests reach the application.
        base_url: where the application is.
        authenticate: gives the headers for a user's name or an identity object.
        options: whatever else ``httpx2.AsyncClient`` takes; clients made by this one get the same.
    """

    def __init__(
        self,
        *,
        transport: httpx2.AsyncBaseTransport,
        base_url: str,
        authenticate: Authenticate,
        **options: Any,
    ) -> None:
        super().__init__(transport=transport, base_url=base_url, **{"cookies": LocalCookies(), **options})
        self._make = functools.partial(
            AsyncClient,
            transport=_AsyncBorrowed(transport),
            base_url=base_url,
            authenticate=authenticate,
            **options,
        )
        self._authenticate = authenticate
        self._identity: str | None = None
        self._family: list[AsyncClient] = [self]

    def as_user(self, name: str) -> AsyncClient:
        """Return a client that speaks as this user, with headers and cookies of its own."""
        return self._relative(self._authenticate(name), identity=name)

    def as_identity(self, identity: object) -> AsyncClient:
        """Return a client that speaks as this identity, with headers and cookies of its own."""
        return self._relative(self._authenticate(identity), identity=_name(identity))

    def anonymous(self) -> AsyncClient:
        """Return a client without any credential, with headers and cookies of its own."""
        return self._relative({}, identity=None)

    def build_request(self, method: str, url: httpx2.URL | str, **options: Any) -> httpx2.Request:
        """Build a request that says whose it is; see ``httpx2.AsyncClient.build_request``."""
        request = super().build_request(method, url, **options)
        request.extensions[IDENTITY] = self._identity
        return request

    def _relative(self, credential: Mapping[str, str], *, identity: str | None) -> AsyncClient:
        relative = self._make()
        relative._identity = identity  # noqa: SLF001 - the same class
        take_credential(relative, credential)
        relative.timeout, relative.follow_redirects = self.timeout, self.follow_redirects
        relative._family = self._family  # noqa: SLF001 - the same class
        self._family.append(relative)
        return relative

    def websocket(self, url: httpx2.URL | str, **options: Any) -> Any:
        """Open a websocket session; see ``httpx2.AsyncClient.websocket``."""
        _need_wsproto()
        return super().websocket(url, **options)

    async def aclose(self) -> None:
        """Close this client, and with the first one all clients made from it."""
        await self._close_relatives()
        await super().aclose()

    async def __aexit__(self, *error: object) -> None:
        await self._close_relatives()
        await super().__aexit__(*error)  # type: ignore[arg-type]  # the interpreter gives three

    async def _close_relatives(self) -> None:
        if self._family[0] is self:
            for relative in self._family[1:]:
                await relative.aclose()
            del self._family[1:]


def _name(identity: object) -> str:
    return str(getattr(identity, "name", "") or type(identity).__name__)


def _need_wsproto() -> None:
    if importlib.util.find_spec("wsproto") is None:
        raise ApplicationError(
            "Websockets need the package wsproto, which is not installed",
            code="app.websockets-missing",
            remedy='Install it: pip install "seatrial[websockets]".',
        )
