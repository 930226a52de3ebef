"""A fake in live mode: the same address and the same journal, and the real service behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from seatrial.errors import FakeError
from seatrial.fakes.fake import Fake
from seatrial.fakes.faults import FaultQueue

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from seatrial.fakes.databricks.lakebase import Upstream
    from seatrial.fakes.faults import Fault
    from seatrial.fakes.passing import RealService
    from seatrial.fakes.request import Handler, Request


class LiveFake(Fake):
    """Passes every call on to the real service and remembers it, as long as the test runs.

    What scripts an answer raises: the real service answers as it likes.

    Args:
        mocked: the fake that would stand in.
        url: where the real service is, without a slash at the end.
    """

    mode: ClassVar[Literal["mock", "live"]] = "live"

    def __init__(self, mocked: Fake, *, url: str) -> None:
        super().__init__(mocked.name, root=mocked.root)
        self.faults = _NoFaults(mocked.name)
        self._mocked = mocked
        self._mocked.go_live()
        self._url = url
        self._service: RealService | None = None

    def handler(self, request: Request) -> Handler | None:
        """Whatever it is, the real service answers it."""
        del request
        if self._service is None:
            from seatrial.fakes.passing import RealService  # noqa: PLC0415 - the extra, and start-up time

            self._service = RealService(self._url, on_failure=self.note_problem)
        return self._service.pass_on

    def error_body(self, status: int, message: str) -> Any:
        """As the fake would write it."""
        return self._mocked.error_body(status, message)

    def part(self, part: str, *, url: str) -> str:
        """As the fake would have it; what belongs to the real service is kept by its variables."""
        return self._mocked.part(part, url=url)

    def connect(
        self,
        *,
        upstream: Callable[[], Upstream],
        tls: Callable[[Callable[[], None]], ssl.SSLContext],
    ) -> None:
        """Take note of the tested database, as the fake does."""
        self._mocked.connect(upstream=upstream, tls=tls)

    def begin(self) -> None:
        """Serve what is no HTTP, as the fake does."""
        self._mocked.begin()

    def close(self) -> None:
        """Remove what the fake keeps outside of the process."""
        self._mocked.close()

    async def at_end(self) -> None:
        """End the connections to the real service."""
        if self._service is not None:
            await self._service.close()
            self._service = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self._mocked, name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise _mock_only(self.name, name)

    def __repr__(self) -> str:
        return f"<fake {self.name}: live at {self._url}, {len(self.calls())} calls>"


class _NoFaults(FaultQueue):
    """The faults of a service that nobody can script."""

    def __init__(self, fake: str) -> None:
        super().__init__()
        self._fake = fake

    def add(self, fault: Fault, *, times: int | None) -> None:
        """Refuse it."""
        del times
        raise _mock_only(self._fake, str(fault).partition("(")[0])


def _mock_only(fake: str, what: str) -> FakeError:
    return FakeError(
        f"fakes.{fake}.{what} belongs to the fake, and in this run {fake} is live: the real service cannot "
        "be told what to answer.",
        code="fakes.live",
        remedy=f'Mark the test, its class or its module with pytest.mark.mock("{fake}"): it is then '
        f"left out, and counted, where {fake} is live.",
    )
