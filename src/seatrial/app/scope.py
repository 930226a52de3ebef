"""Describe a request to the application as a server would; the values follow uvicorn."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SECURE = {"http": "ws", "https": "wss"}
# Each exchange gets a client port of its own, as each connection would.
_client_ports = itertools.cycle(range(49_152, 65_536))


def http_scope(request: httpx2.Request, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ASGI scope of an HTTP request, with a copy of the lifespan's state."""
    url = request.url
    scheme = url.scheme
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": (url.host, url.port or _DEFAULT_PORTS.get(scheme)),
        "client": ("127.0.0.1", next(_client_ports)),
        "scheme": scheme,
        "method": request.method,
        "root_path": "",
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "state": dict(state),
    }


def websocket_scope(request: httpx2.Request, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ASGI scope of a websocket handshake, with a copy of the lifespan's state."""
    scope = http_scope(request, state)
    del scope["method"]
    offered = request.headers.get("sec-websocket-protocol", "")
    scope.update(
        type="websocket",
        asgi={"version": "3.0", "spec_version": "2.4"},
        scheme=_SECURE.get(request.url.scheme, request.url.scheme),
        subprotocols=[name.strip() for name in offered.split(",") if name.strip()],
        extensions={"websocket.http.response": {}},
    )
    return scope


def is_handshake(request: httpx2.Request) -> bool:
    """Tell whether a request asks for a websocket."""
    return request.url.scheme in ("ws", "wss") or request.headers.get("upgrade", "").lower() == "websocket"
