"""The cookies of a client of the application, which runs on this machine."""

from __future__ import annotations

from http.cookiejar import Cookie, CookieJar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2


class LocalCookies(CookieJar):
    """Sends cookies marked `Secure` over plain HTTP, too: to this machine, as browsers do."""

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie."""
        cookie.secure = False
        super().set_cookie(cookie)


def take_credential(client: httpx2.Client | httpx2.AsyncClient, credential: Mapping[str, str]) -> None:
    """Let a client send the headers of an identity; cookies go where the application can replace them."""
    for name, value in credential.items():
        if name.lower() != "cookie":
            client.headers[name] = value
            continue
        host = client.base_url.host
        # A jar files the cookies of a host without a dot under this name (RFC 2965).
        domain = host if "." in host else f"{host}.local"
        for pair in value.split("; "):
            cookie, _, content = pair.partition("=")
            client.cookies.set(cookie, content, domain=domain)
