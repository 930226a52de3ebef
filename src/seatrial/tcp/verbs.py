"""The faults as a test writes them: `fakes.cache.latency(0.2)`, `db.faults.reset()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.tcp.effects import Hang, Refuse, cut, latency, slow

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from seatrial.tcp.faults import Fault
    from seatrial.tcp.proxy import TcpProxy


class Faults:
    """What the next uses of a service meet.

    A use is a round trip: what a client sends first after the service's last answer, or after it connected.
    Opening a connection may take several. Each verb is for the next `times` uses (None: all of this test),
    or, as a `with` block, for all uses of the block. Everything ends with the test.

    Args:
        proxy: what passes the uses.
    """

    def __init__(self, proxy: TcpProxy) -> None:
        self._proxy = proxy

    def latency(self, seconds: float, *, times: int | None = 1) -> Fault:
        """The use reaches the service `seconds` later.

        Raises:
            FakeError: `seconds` is negative, or `times` below one.
        """
        return self._proxy.arm(latency(seconds), times=times)

    def hang(self, *, times: int | None = 1) -> Fault:
        """The use reaches nobody, and no answer comes; the connection stays open.

        At the end of a `with` block the use goes on; at the end of the test its connection is reset.

        Raises:
            FakeError: `times` is below one.
        """
        return self._proxy.arm(Hang(), times=times)

    def reset(self, *, after_bytes: int = 0, times: int | None = 1) -> Fault:
        """The connection is reset, as by a peer that crashed.

        Args:
            after_bytes: how much of the answers still arrives; 0: the service does not hear of the use.
            times: see the class.

        Raises:
            FakeError: `after_bytes` is negative, or `times` below one.
        """
        return self._proxy.arm(cut(after_bytes, reset=True), times=times)

    def drop(self, *, after_bytes: int = 0, times: int | None = 1) -> Fault:
        """The connection is closed in order, as by a peer that ends.

        Args:
            after_bytes: how much of the answers still arrives; 0: the service does not hear of the use.
            times: see the class.

        Raises:
            FakeError: `after_bytes` is negative, or `times` below one.
        """
        return self._proxy.arm(cut(after_bytes, reset=False), times=times)

    def slow(self, bytes_per_second: float, *, times: int | None = 1) -> Fault:
        """The answer comes at this rate.

        Raises:
            FakeError: the rate is not above zero, or `times` below one.
        """
        return self._proxy.arm(slow(bytes_per_second), times=times)

    def refuse(self, *, times: int | None = 1) -> Fault:
        """The next new connections are reset before a byte passes; those there are stay.

        Raises:
            FakeError: `times` is below one.
        """
        return self._proxy.arm(Refuse(), times=times)

    def down(self) -> AbstractContextManager[None]:
        """For a `with` block nobody listens: connections are reset, and new ones refused by the system.

        Raises:
            FakeError: it is down already.
        """
        return self._proxy.down()
