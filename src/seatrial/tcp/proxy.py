"""A proxy in front of one TCP service of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from seatrial.errors import FakeError
from seatrial.tcp.faults import Fault
from seatrial.tcp.link import Link
from seatrial.tcp.port import HOST, Port
from seatrial.tcp.switchboard import Switchboard
from seatrial.tcp.wire import ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seatrial.tcp.effects import Effect
    from seatrial.tcp.end import End
    from seatrial.tcp.target import Target
    from seatrial.tcp.thread import ProxyThread
    from seatrial.tcp.wire import Wire

_SECONDS_TO_CLOSE = 2.0
_TURNS_OF_THE_LOOP = 3


class TcpProxy:
    """Passes bytes between clients and a service; a test's faults are met in between.

    The port is there at once, and a client that connects to it waits until `start`.

    Args:
        name: what messages call the service.
        target: where it is.
        thread: what serves this proxy and others.
        wire: what tells uses of the service from other traffic.

    Raises:
        FakeError: this process may not listen on 127.0.0.1.
    """

    def __init__(self, name: str, target: Target, *, thread: ProxyThread, wire: Wire = ANY) -> None:
        self.name = name
        self._thread = thread
        self._board = Switchboard(target, wire=wire)
        self._port = Port()
        self._is_serving = False
        self._broke = False
        self._process = os.getpid()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients."""
        return HOST, self._port.number

    def start(self) -> None:
        """Serve; a second call does nothing.

        Raises:
            FakeError: this is a forked child.
        """
        self.refuse_fork()
        if not self._is_serving:
            self._thread.enter()
            self._is_serving = True
            self._thread.run(self._listen())

    def stop(self) -> None:
        """End every connection and give the port back; a forked child leaves its parent's proxy alone."""
        if os.getpid() != self._process:
            return
        if self._is_serving:
            self._board.script.forget()
            self._thread.run(self._close())
            self._is_serving = False
            self._thread.leave()
        self._port.release()

    def arm(self, effect: Effect, *, times: int | None) -> Fault:
        """Let the next `times` uses, or new connections, meet an effect; None: all of this test's.

        Raises:
            FakeError: `times` is below one, or this is a forked child.
        """
        self.refuse_fork()
        fault = Fault(effect, times=times, end=self._end)
        if self._is_serving:
            self._thread.run(self._catch_up())
        self._board.script.add(fault)
        return fault

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens: connections there are get a reset, and new ones are refused.

        Raises:
            FakeError: it is down already, or this is a forked child.
        """
        self.refuse_fork()
        if self._board.is_down:
            raise FakeError(
                f"{self.name} is down already.",
                code="faults.down-twice",
                remedy="End the first `with ... .down()` block before another begins.",
            )
        self._board.is_down = self._broke = True
        self._thread.run(self._stop_listening())
        try:
            yield
        finally:
            self._board.is_down = False
            if self._is_serving:
                self._port.listen()
                self._thread.run(self._listen())

    def calm(self) -> None:
        """End all faults, and with a reset every connection that hangs. What was met is still known."""
        if os.getpid() != self._process or not self._is_serving:
            return
        script = self._board.script
        if not script.is_open:
            return
        script.end_all()
        self._thread.run(self._calm())
        self._broke = self._broke or script.did_damage

    def problems(self) -> list[str]:
        """Why a test that is over must fail, if it must: faults nobody met, a service that is not there."""
        unmet = [f"nobody met {fault}" for fault in self._board.script.never_met()]
        return [*self._board.troubles(), *unmet]

    def forget(self) -> None:
        """End all faults and forget them, and what was found wrong: another test begins."""
        self.calm()
        self._board.script.forget()
        self._board.forget_troubles()

    @property
    def broke_connections(self) -> bool:
        """Whether pools of clients may hold broken connections, since `close_connections`."""
        return self._broke

    def close_connections(self) -> frozenset[int]:
        """End all connections; the ports from which the service has seen them and the broken ones come."""
        self._broke = False
        return self._thread.run(self._close_links()) if self._is_serving else frozenset()

    def client_port(self, port: int) -> int:
        """Where a client comes from which the service sees come from `port`; others come from there."""
        return self._board.ports.get(port, port)

    def refuse_fork(self) -> None:
        """Refuse to work in a forked child.

        Raises:
            FakeError: see above.
        """
        if os.getpid() != self._process:
            raise FakeError(
                f"The faults of {self.name} belong to the process that serves them; this is a fork of it.",
                code="faults.forked",
                remedy="Use them in the test, or start child processes by spawn.",
            )

    def _end(self, fault: Fault) -> None:
        self._board.script.end(fault)
        if self._is_serving:
            self._thread.run(self._release(fault))

    # --- in the thread -----------------------------------------------------------------------------------

    # Not create_server(): a server that is closed just when a client arrives loses its connection unclosed.

    async def _listen(self) -> None:
        self._port.listener.setblocking(False)
        asyncio.get_running_loop().add_reader(self._port.listener, self._accept)

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # nobody, or somebody who has left again
            while True:
                client, _ = self._port.listener.accept()
                client.setblocking(False)
                arriving = loop.connect_accepted_socket(self._new_client, client)
                self._board.keep(loop.create_task(arriving))

    def _new_client(self) -> End:
        return Link(self._board).client

    async def _catch_up(self) -> None:
        """Read what clients have sent before now: it does not meet the fault that comes."""
        for _ in range(_TURNS_OF_THE_LOOP):
            await asyncio.sleep(0)

    async def _stop_listening(self) -> None:
        if self._port.listener.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._port.listener)
            self._port.listener.close()
        for link in list(self._board.links):
            link.break_off()
        await self._board.nobody(_SECONDS_TO_CLOSE)

    async def _release(self, fault: Fault) -> None:
        for link in list(self._board.links):
            if link.hung_by is fault:
                link.release()

    async def _calm(self) -> None:
        for link in list(self._board.links):
            link.calm()

    async def _close_links(self) -> frozenset[int]:
        links = list(self._board.links)
        ports = {link.port for link in links} | self._board.severed
        self._board.severed.clear()
        for link in links:
            link.close()
        await self._board.nobody(_SECONDS_TO_CLOSE)
        return frozenset(ports - {0})

    async def _close(self) -> None:
        self._board.cancel_tasks()
        await self._stop_listening()
