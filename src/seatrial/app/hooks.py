"""Frameworks that turn an exception into a 500 themselves tell of it through hooks of their own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.app.failures import FailureLog

_FIRST_ERROR_STATUS = 500


def watch_exceptions(app: Any, failures: FailureLog) -> Callable[[], None]:
    """Record exceptions that Litestar, Flask or Django swallow; return the function that ends it."""
    enders = [watch(app, failures) for watch in (_watch_litestar, _watch_flask, _watch_django)]

    def end() -> None:
        for ender in enders:
            ender()

    return end


def _nothing() -> None:
    """End what never began."""


def _watch_litestar(app: Any, failures: FailureLog) -> Callable[[], None]:
    litestar = sys.modules.get("litestar")
    if litestar is None or not isinstance(app, litestar.Litestar):
        return _nothing

    async def record(exception: Exception, _: Any) -> None:
        if getattr(exception, "status_code", _FIRST_ERROR_STATUS) >= _FIRST_ERROR_STATUS:
            failures.record(exception)

    app.after_exception.append(record)
    return lambda: app.after_exception.remove(record)


def _watch_flask(app: Any, failures: FailureLog) -> Callable[[], None]:
    flask = sys.modules.get("flask")
    if flask is None or not isinstance(app, flask.Flask):
        return _nothing

    def record(_: Any, exception: BaseException, **__: Any) -> None:
        failures.record(exception)

    flask.got_request_exception.connect(record, app, weak=False)
    return lambda: flask.got_request_exception.disconnect(record, app)


def _watch_django(_: Any, failures: FailureLog) -> Callable[[], None]:
    if "django.core.handlers.base" not in sys.modules:
        return _nothing
    signal = sys.modules["django.core.signals"].got_request_exception

    def record(**_: Any) -> None:
        if (exception := sys.exc_info()[1]) is not None:
            failures.record(exception)

    signal.connect(record, weak=False)
    return lambda: signal.disconnect(record)
