"""The workspace as one caller sees it: one client for each token, in threads, since the SDK blocks."""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import Lock, local
from typing import Any, Self, TypeVar
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from databricks.sdk import WorkspaceClient
from databricks.sdk.clock import Clock
from databricks.sdk.core import ApiClient, Config
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, Unauthenticated

from server.lib.errors import ApiError, unavailable
from server.settings import Settings

_KEPT_CLIENTS = 256

T = TypeVar("T")


class PatientClock(Clock):
    """The SDK's clock for its retries, which waits no longer than allowed whatever `Retry-After` says.

    A pause counts in full, so that a workspace that is busy for long is not asked again and again meanwhile.
    """

    def __init__(self, longest_pause: float) -> None:
        self._longest_pause = longest_pause
        # Of each thread: a call does not leave its own.
        self._left_out = local()

    def __deepcopy__(self, _memo: object) -> Self:
        # Configurations are copied, and there is one time for all of them.
        return self

    def time(self) -> float:
        skipped: float = getattr(self._left_out, "seconds", 0.0)
        return time.monotonic() + skipped

    def sleep(self, seconds: float) -> None:
        paused = min(seconds, self._longest_pause)
        time.sleep(paused)
        self._left_out.seconds = getattr(self._left_out, "seconds", 0.0) + seconds - paused


class Workspace:
    """Calls the workspace with the token of whoever asks. Permissions are never kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = PatientClock(settings.workspace_retry_pause_seconds)
        self._threads = CapacityLimiter(settings.workspace_threads)
        self._clients: OrderedDict[str, WorkspaceClient] = OrderedDict()
        self._lock = Lock()

    async def call(self, token: str, function: Callable[[WorkspaceClient], T]) -> T:
        """Run a function with the client of this token in a thread.

        Raises:
            ApiError: 401, the token is not valid any more; 503, the workspace did not answer in time.
            PermissionDenied, NotFound, BadRequest: as the SDK has them; only the caller knows of what.
        """
        try:
            return await self.run(partial(self._call, token, function))
        except (PermissionDenied, NotFound, BadRequest):
            raise
        except Unauthenticated:
            raise auth_invalid() from None
        except OSError as error:  # what requests and the SDK raise, and TimeoutError
            raise workspace_unavailable(error) from error

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function that blocks; as many at once as the settings allow."""
        return await to_thread.run_sync(function, limiter=self._threads)

    def client(self, token: str) -> WorkspaceClient:
        """The client of a token. It holds connections, so it is kept for the next request."""
        with self._lock:
            if known := self._clients.get(token):
                self._clients.move_to_end(token)
                return known
        made = WorkspaceClient(config=self._config(token=token, auth_type="pat"))
        with self._lock:
            self._clients[token] = made
            if len(self._clients) > _KEPT_CLIENTS:
                self._clients.popitem(last=False)
        return made

    def service_principal(self) -> WorkspaceClient:
        """The client of the application itself; for what belongs to no user."""
        secret = self._settings.databricks_client_secret
        return WorkspaceClient(
            config=self._config(
                client_id=self._settings.databricks_client_id,
                client_secret=secret.get_secret_value() if secret else None,
                auth_type="oauth-m2m",
            )
        )

    def impatient(self, token: str, *, seconds: int) -> ApiClient:
        """The same client, for one request that may take so many seconds."""
        config: Config = self.client(token).config.deep_copy()  # type: ignore[no-untyped-call]  # as it is
        config.http_timeout_seconds = seconds
        config.retry_timeout_seconds = min(seconds, self._settings.workspace_retry_seconds)
        return ApiClient(config)

    def _call(self, token: str, function: Callable[[WorkspaceClient], T]) -> T:
        return function(self.client(token))

    def _config(self, **credentials: Any) -> Config:
        # `auth_type` is needed: the service principal's variables are there as well, and the SDK refuses
        # to choose between two.
        return Config(
            host=self._settings.databricks_host,
            http_timeout_seconds=self._settings.workspace_timeout_seconds,
            retry_timeout_seconds=self._settings.workspace_retry_seconds,
            clock=self._clock,
            product="databricks-app",
            product_version="0.1.0",
            **credentials,
        )


def auth_invalid() -> ApiError:
    return ApiError(401, "AUTH_INVALID", "The access token is not valid.")


def workspace_unavailable(error: BaseException) -> ApiError:
    """What is left when the budget for retries is spent."""
    return unavailable(
        "WORKSPACE_UNAVAILABLE", "The workspace does not answer.", retry_after=wait_asked_for(error)
    )


def wait_asked_for(error: BaseException) -> int | None:
    """The seconds that the last answer of the workspace told us to wait, if it did."""
    last = error.__cause__ or error
    seconds: int | None = getattr(last, "retry_after_secs", None)
    return seconds


def in_path(name: str) -> str:
    """A name as a part of a path; the SDK would put a question mark in as it is.

    Raises:
        NotFound: it would lead elsewhere, so there is nothing of this name.
    """
    # Clients resolve the dots, however they are written, and servers take %2F for a slash.
    if name in {".", ".."} or "/" in name:
        raise NotFound(f"nothing can have the name {name!r}")
    return quote(name, safe="")
