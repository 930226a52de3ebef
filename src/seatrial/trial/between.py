"""`between_tests`: functions of the project that clear what the application keeps in memory."""

from __future__ import annotations

import importlib
import inspect
import operator
from typing import TYPE_CHECKING, Any

from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seatrial.app import AppRunner


def call_between_tests(runner: AppRunner, paths: Sequence[str]) -> None:
    """Call each function, `package.module:name`, in the loop of the application.

    Raises:
        ApplicationError: one failed, or is not there; it is named.
    """
    for path in paths:
        try:
            runner.run(_in_app(_resolve(path)))
        except Exception as error:
            raise ApplicationError(
                f"{path!r} of between_tests failed ({type(error).__name__}: {error})",
                code="app.between-tests",
                remedy="name a function that needs no arguments and can be called before every test",
            ) from error


def _resolve(path: str) -> Callable[[], Any]:
    module, _, attributes = path.partition(":")
    found: Callable[[], Any] = operator.attrgetter(attributes)(importlib.import_module(module))
    return found


async def _in_app(function: Callable[[], Any]) -> None:
    result = function()
    if inspect.isawaitable(result):
        await result
