"""Tell ASGI 3, ASGI 2 and WSGI applications and factories apart by how they can be called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["asgi2", "asgi3", "wsgi"]
Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_BY_ARGUMENTS: Mapping[int, Kind] = {1: "asgi2", 2: "wsgi", 3: "asgi3"}
_PLAIN_FUNCTIONS = (inspect.isfunction, inspect.ismethod, inspect.isbuiltin, inspect.isclass)


def kind_of(app: Any) -> Kind | None:
    """Return the protocol an application speaks, or None if it is no application."""
    if not callable(app):
        return None
    needed = _needed_arguments(app)
    if needed is not None and needed in _BY_ARGUMENTS:
        return _BY_ARGUMENTS[needed]
    # A decorator that hides the signature behind *args leaves only this to go by.
    return "asgi3" if _is_coroutine_callable(app) else None


def is_factory(target: Any, args: Mapping[str, Any]) -> bool:
    """Tell whether a callable makes the application rather than being it."""
    if not any(test(target) for test in _PLAIN_FUNCTIONS) and not isinstance(target, functools.partial):
        return False
    if args:
        return True
    if inspect.isclass(target):
        return _needed_arguments(target) != 1  # a class of one argument, the scope, is an ASGI 2 application
    return kind_of(target) is None or not _names_a_protocol(target)


def single_callable(app: Any) -> AsgiApp:
    """Give an ASGI 2 application the face of an ASGI 3 one."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope)(receive, send)

    return call


def _needed_arguments(target: Any) -> int | None:
    """Count the positional arguments without a default; None if they cannot be known."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(1 for p in positional if p.default is p.empty)


def _names_a_protocol(function: Any) -> bool:
    """A function of one or two arguments may be either; the protocols' own argument names decide."""
    needed = _needed_arguments(function)
    names = [name.strip("_") for name in inspect.signature(function).parameters] if needed is not None else []
    if needed == len(_BY_ARGUMENTS):
        return True
    return bool(names) and names[0] in ("scope", "environ", "env")


def _is_coroutine_callable(app: Any) -> bool:
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)
