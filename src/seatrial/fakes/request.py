"""A request as the fakes' own handlers see it, and how they refuse what they do not serve."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from seatrial.fakes.secrecy import Headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response

    Handler = Callable[["Request"], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, read to its end."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case name, credentials in clear: for the handler's eyes only."""
    body: bytes = field(default=b"", repr=False)
    target: bytes = b""
    """Path and query as they were sent, for passing them on."""
    https: bool = False
    """Whether it came over https."""
    path_params: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path for the `{name}`s of the route, by name; for routes of tests only."""

    @property
    def json(self) -> Any:
        """The decoded body, or None when there was none or it was not JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def form(self) -> dict[str, list[str]]:
        """The fields of a body that is a URL-encoded form, each with all its values; empty for others."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)


class Unserved(Exception):  # noqa: N818 - a handler's way out, never seen outside of the fakes
    """Raised by a handler for a feature it does not serve: a 501 on the wire, and the test fails.

    Args:
        what: the request and the feature, such as `POST /v1/chat/completions with audio`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def shown(request: Request) -> Headers:
    """The headers of a request as the journal may keep them."""
    return Headers(request.headers.items())
