"""Run a function of a test beside the loop of the fakes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def in_thread(function: Callable[[Any], Any], argument: Any) -> Any:
    """What the function returns, called in a thread of its own.

    A function that never ends keeps nothing else from ending: neither the fakes nor the interpreter wait for
    it, as they would for the threads of a pool.

    Raises:
        Exception: whatever the function raised.
    """
    loop = asyncio.get_running_loop()
    returned: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if returned.cancelled():
            return
        if error is None:
            returned.set_result(result)
        else:
            returned.set_exception(error)

    def run() -> None:
        result, error = _outcome(function, argument)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="seatrial-fakes-route", daemon=True).start()
    return await returned


def _outcome(function: Callable[[Any], Any], argument: Any) -> tuple[Any, BaseException | None]:
    try:
        return function(argument), None
    except StopIteration as exhausted:
        # A future does not take it: it would end the coroutine that waits as if all were well.
        error = RuntimeError("an iterator had no further answer")
        error.__cause__ = exhausted
        return None, error
    except BaseException as error:  # noqa: BLE001 - handed to the coroutine that waits
        return None, error
