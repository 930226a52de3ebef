"""Start-up and shutdown of an ASGI application, in one task, as servers do it."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from typing import TYPE_CHECKING, Any

from seatrial.app.failures import own_frames_cut
from seatrial.errors import ApplicationError

if TYPE_CHECKING:
    from seatrial.app.kinds import AsgiApp, Message

_SIGNAL_SIGNS = ("app.signal-handler", "signal only works in main thread")


class Lifespan:
    """The lifespan protocol. All methods run in the application's loop."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: dict[str, Any] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._was_received = False

    async def start(self) -> None:
        """Run the application's start-up; an application without lifespan is left alone.

        Raises:
            ApplicationError: start-up failed; the detail is the application's own traceback.
        """
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._inbox.put_nowait({"type": "lifespan.startup"})
        answer = await self._answers.get()
        if answer is not None and answer["type"] == "lifespan.startup.failed":
            raise _failed("start up", answer.get("message", ""), self._error)
        # Who asked for the start-up message knows the protocol; who raises before that does not.
        if answer is None and self._error is not None and self._was_received:
            raise _failed("start up", "", self._error)

    async def stop(self) -> None:
        """Run the application's shutdown.

        Raises:
            ApplicationError: shutdown failed; the detail is the application's own traceback.
        """
        if self._task is None or self._task.done():
            return
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        answer = await self._answers.get()
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            raise _failed("shut down", answer.get("message", ""), self._error)
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit in a lifespan must not end the loop silently
            self._error = error
        finally:
            self._answers.put_nowait(None)

    async def _receive(self) -> Message:
        message = await self._inbox.get()
        self._was_received = True
        return message

    async def _send(self, message: Message) -> None:
        self._answers.put_nowait(message)


def _failed(what: str, message: str, error: BaseException | None) -> ApplicationError:
    if not message and error is not None:
        frames = own_frames_cut(error.__traceback__)
        message = "".join(traceback.format_exception(type(error), error, frames))
    if any(sign in message for sign in _SIGNAL_SIGNS):
        return ApplicationError(
            "The application's lifespan installs a signal handler, which Python allows in the main thread "
            "only; under test the application runs in a thread of its own",
            code="app.signal-handler",
            detail=message,
            remedy="Catch RuntimeError, ValueError and NotImplementedError around it, "
            "or install signal handlers where the server is started, not in the lifespan.",
        )
    return ApplicationError(
        f"The application's lifespan failed to {what}",
        code=f"app.{what.replace(' ', '')}-failed",
        detail=message or "It gave no reason.",
        remedy="Correct the error above; the same would happen under a server.",
    )
