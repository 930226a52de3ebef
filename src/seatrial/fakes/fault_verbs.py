"""The verbs by which tests script what goes wrong: of a fake, or of a part that has faults of its own."""

from __future__ import annotations

from seatrial.fakes.faults import Delay, FaultQueue, cut, delay, page, refusal, slowness


class FaultVerbs:
    """Scripts the calls of whatever it belongs to.

    Attributes:
        faults: what waits for the next calls.
    """

    faults: FaultQueue

    def fail(self, status: int, *, times: int | None = 1, retry_after: float | None = None) -> None:
        """Answer the next `times` calls with an error status.

        Args:
            status: 400 to 599.
            times: how many HTTP requests; a client that retries makes several. None: all of this test.
            retry_after: seconds, sent as the header `Retry-After`.

        Raises:
            FakeError: an argument is out of range.
        """
        self.faults.add(refusal(status, retry_after=retry_after), times=times)

    def answer_html(self, status: int = 502, *, title: str = "Bad Gateway", times: int | None = 1) -> None:
        """Answer the next `times` calls with a page of HTML, as gateways and sign-in walls do.

        Args:
            status: 200 to 599.
            title: what the page says.
            times: how many HTTP requests; None: all of this test.

        Raises:
            FakeError: an argument is out of range.
        """
        self.faults.add(page(status, title=title), times=times)

    def delay(self, seconds: float, *, times: int | None = 1) -> None:
        """Answer the next `times` calls `seconds` late.

        Raises:
            FakeError: `seconds` is negative, or `times` below one.
        """
        self.faults.add(delay(seconds), times=times)

    def hang(self, *, times: int | None = 1) -> None:
        """Do not answer the next `times` calls until the test is over.

        Raises:
            FakeError: `times` is below one.
        """
        self.faults.add(Delay(seconds=None), times=times)

    def reset_connection(self, *, after: int | None = None, times: int | None = 1) -> None:
        """Break the connection of the next `times` calls as a crashed server does.

        Args:
            after: bytes of the answer's body that still arrive; None: not even its head.
            times: how many HTTP requests; None: all of this test.

        Raises:
            FakeError: an argument is out of range.
        """
        self.faults.add(cut(after, reset=True), times=times)

    def drop_connection(self, *, after: int | None = None, times: int | None = 1) -> None:
        """Close the connection of the next `times` calls in order, before the answer is complete.

        Args:
            after: bytes of the answer's body that still arrive; None: not even its head.
            times: how many HTTP requests; None: all of this test.

        Raises:
            FakeError: an argument is out of range.
        """
        self.faults.add(cut(after, reset=False), times=times)

    def slow(self, bytes_per_second: float, *, times: int | None = 1) -> None:
        """Send the bodies of the next `times` answers at this rate.

        Raises:
            FakeError: the rate is not above zero, or `times` below one.
        """
        self.faults.add(slowness(bytes_per_second), times=times)
