"""A proxy in front of one TCP service of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

from seatrial.errors import FakeError
from seatrial.tcp.door import Door
from seatrial.tcp.faults import Fault
from seatrial.tcp.link import Link
from seatrial.tcp.switchboard import Switchboard
from seatrial.tcp.wire import ANY

if TYPE_CHECKING:
    import socket
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
        self.thread = thread
        self.board = Switchboard(target, wire=wire)
        """What its connections share, and others may join that lead to the same service."""
        self._door = Door(self._enter)
        self.board.doors.append(self._door)
        self._is_serving = False
        self._broke = False
        self._process = os.getpid()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients."""
        return self._door.address

    def start(self) -> None:
        """Serve; a second call does nothing.

        Raises:
            FakeError: this is a forked child.
        """
        self.refuse_fork()
        if not self._is_serving:
            self.thread.enter()
            self._is_serving = True
            self.thread.run(self._listen())

    def stop(self) -> None:
        """End every connection and give the port back; a forked child leaves its parent's proxy alone."""
        if os.getpid() != self._process:
            return
        if self._is_serving:
            self.board.script.forget()
            self.thread.run(self._close())
            self._is_serving = False
            self.thread.leave()
        self._door.release()

    def arm(self, effect: Effect, *, times: int | None) -> Fault:
        """Let the next `times` uses, or new connections, meet an effect; None: all of this test's.

        Raises:
            FakeError: `times` is below one, or this is a forked child.
        """
        self.refuse_fork()
        fault = Fault(effect, times=times, end=self._end)
        if self._is_serving:
            self.thread.run(self._catch_up())
        self.board.script.add(fault)
        return fault

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens: connections there are get a reset, and new ones are refused.

        Raises:
            FakeError: it is down already, or this is a forked child.
        """
        self.refuse_fork()
        if self.board.is_down:
            raise FakeError(
                f"{self.name} is down already.",
                code="faults.down-twice",
                remedy="End the first `with ... .down()` block before another begins.",
            )
        self.board.is_down = self._broke = True
        self.thread.run(self._stop_listening())
        try:
            yield
        finally:
            self.board.is_down = False
            if self._is_serving:
                for door in self.board.doors:
                    door.listen()
                self.thread.run(self._listen())

    def calm(self) -> None:
        """End all faults, and with a reset every connection that hangs. What was met is still known."""
        if os.getpid() != self._process or not self._is_serving:
            return
        script = self.board.script
        if not script.is_open:
            return
        script.end_all()
        self.thread.run(self._calm())
        self._broke = self._broke or script.did_damage

    def troubles(self) -> list[str]:
        """What is wrong with the service itself: it is not there, say."""
        return self.board.troubles()

    def problems(self) -> list[str]:
        """Why a test that is over must fail, if it must: faults nobody met, a service that is not there."""
        unmet = [f"nobody met {fault}" for fault in self.board.script.never_met()]
        return [*self.troubles(), *unmet]

    def forget(self) -> None:
        """End all faults and forget them, and what was found wrong: another test begins."""
        self.calm()
        self.board.script.forget()
        self.board.forget_troubles()

    @property
    def broke_connections(self) -> bool:
        """Whether pools of clients may hold broken connections, since `close_connections`."""
        return self._broke

    def close_connections(self) -> frozenset[int]:
        """End all connections; the ports from which the service has seen them and the broken ones come."""
        self._broke = False
        return self.thread.run(self._close_links()) if self._is_serving else frozenset()

    def client_port(self, port: int) -> int:
        """Where a client comes from which the service sees come from `port`; others come from there."""
        return self.board.ports.get(port, port)

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
        self.board.script.end(fault)
        if self._is_serving:
            self.thread.run(self._release(fault))

    # --- in the thread -----------------------------------------------------------------------------------

    async def _listen(self) -> None:
        for door in self.board.doors:
            if door is self._door or door.is_open:
                door.open()

    def _enter(self, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self.board.keep(loop.create_task(loop.connect_accepted_socket(self._new_client, client)))

    def _new_client(self) -> End:
        return Link(self.board).client

    async def _catch_up(self) -> None:
        """Read what clients have sent before now: it does not meet the fault that comes."""
        for _ in range(_TURNS_OF_THE_LOOP):
            await asyncio.sleep(0)

    async def _stop_listening(self) -> None:
        for door in self.board.doors:
            door.close()
        for link in list(self.board.links):
            link.break_off()
        await self.board.nobody(_SECONDS_TO_CLOSE)

    async def _release(self, fault: Fault) -> None:
        for link in list(self.board.links):
            if link.hung_by is fault:
                link.release()

    async def _calm(self) -> None:
        for link in list(self.board.links):
            link.calm()

    async def _close_links(self) -> frozenset[int]:
        links = list(self.board.links)
        ports = {link.port for link in links} | self.board.severed
        self.board.severed.clear()
        for link in links:
            link.close()
        await self.board.nobody(_SECONDS_TO_CLOSE)
        return frozenset(ports - {0})

    async def _close(self) -> None:
        self.board.cancel_tasks()
        await self._stop_listening()
