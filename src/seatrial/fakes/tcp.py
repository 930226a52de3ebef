"""A fake of the kind `tcp`: a real service of this machine, behind faults of the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from seatrial.tcp import Faults, TcpProxy

if TYPE_CHECKING:
    from seatrial.tcp import ProxyThread, Target


class TcpService:
    """Redis, say: whoever runs it, the application reaches it by way of a proxy whose faults a test sets.

    Args:
        name: how tests call it: `fakes.<name>`.
        target: where it is.
        thread: what serves it and others.

    Attributes:
        faults: what the next uses of the service meet: `fakes.cache.faults.hang()`.
    """

    mode: ClassVar[Literal["mock", "live"]] = "mock"

    def __init__(self, name: str, target: Target, *, thread: ProxyThread) -> None:
        self.name = name
        self._proxy = TcpProxy(name, target, thread=thread)
        self.faults = Faults(self._proxy)

    @property
    def port(self) -> int:
        """The port that clients use, on 127.0.0.1."""
        return self._proxy.address[1]

    def start(self) -> None:
        """Serve; a second call does nothing."""
        self._proxy.start()

    def stop(self) -> None:
        """End every connection and give the port back."""
        self._proxy.stop()

    def calm(self) -> None:
        """The test is over: end its faults, and what hangs because of them."""
        self._proxy.calm()

    def problems(self, *, unmet: bool = True) -> list[str]:
        """Why a test that is over must fail, if it must: a service that is not there, faults nobody met.

        Args:
            unmet: whether to name also the faults that nobody met.
        """
        return self._proxy.problems() if unmet else self._proxy.troubles()

    def reset(self) -> None:
        """Another test begins."""
        self._proxy.forget()

    def __repr__(self) -> str:
        return f"<fake {self.name}: a proxy on port {self.port}>"
