"""The template of a request's path, such as `/orders/{id}`, where the framework left it behind."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")


def route_of(scope: Mapping[str, Any]) -> str | None:
    """The template, in the notation of the framework; None where it tells none.

    Args:
        scope: the ASGI scope or WSGI environment, as the framework filled it in.
    """
    if "REQUEST_METHOD" in scope:
        # Flask has taken it out again when the answer is complete.
        rule = getattr(scope.get("werkzeug.request"), "url_rule", None)
        return str(rule.rule) if rule is not None else _of_django(scope["PATH_INFO"])
    if "path_template" in scope:  # Litestar
        return str(scope["path_template"])
    path = getattr(scope.get("route"), "path", None)  # Starlette, FastAPI
    return _whole(path, scope) if isinstance(path, str) else _of_django(scope["path"])


def _of_django(path: str) -> str | None:
    """Django leaves nothing behind where others find it: its router is asked once more."""
    urls, conf = sys.modules.get("django.urls"), sys.modules.get("django.conf")
    if urls is None or conf is None or not conf.settings.configured:
        return None
    if not getattr(conf.settings, "ROOT_URLCONF", None):
        return None
    try:
        return f"/{urls.resolve(path).route}"
    except urls.Resolver404:
        return None


def _whole(template: str, scope: Mapping[str, Any]) -> str | None:
    """The template with what comes before it: a router or a mount knows no more than its own part."""
    pattern, last = "", 0
    for found in _PARAMETER.finditer(template):
        pattern += re.escape(template[last : found.start()]) + (".+" if found[2] == "path" else "[^/]+")
        last = found.end()
    tail = re.search(f"(?:{pattern}{re.escape(template[last:])})$", scope["path"])
    if tail is None:
        return None
    own = {found[1] for found in _PARAMETER.finditer(template)}
    others = {
        str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items() if name not in own
    }
    before = [others.get(segment, segment) for segment in scope["path"][: tail.start()].split("/")]
    return "/".join(before) + _PARAMETER.sub(r"{\1}", template)
