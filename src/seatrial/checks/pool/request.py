"""The request that stands for all that use the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from seatrial.errors import SeatrialError

if TYPE_CHECKING:
    from seatrial.checks.application import Application
    from seatrial.config.settings import PoolChecks

WORKS = "works"
"""The answer of an application that serves."""
_FIRST_OF_ERRORS = 400
_ANSWERS_S = 5.0


class Request:
    """What a client asks while a pool is empty, before and after.

    Args:
        application: whom it asks.
        rules: which request it is, whose, and how many seconds an answer may take.
    """

    def __init__(self, application: Application, rules: PoolChecks) -> None:
        self._client = application.client if rules.user is None else application.client.as_user(rules.user)
        self._path = rules.request or ""
        self._seconds = rules.wait or _ANSWERS_S

    def answer(self) -> str:
        """`WORKS`, the status of an error, or that there was no answer and why."""
        try:
            status = self._client.get(self._path, timeout=self._seconds).status_code
        except SeatrialError:
            raise
        except httpx2.TimeoutException:
            return f"no answer in {self._seconds:g} s"
        except httpx2.TransportError as error:
            return f"no answer but {type(error).__name__}: {error}"
        except Exception:  # noqa: BLE001 - whatever the application raises, a server makes this of it
            return "status 500"
        return f"status {status}" if status >= _FIRST_OF_ERRORS else WORKS
