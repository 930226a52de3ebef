"""One client's connection, the one to the service behind it, and the faults in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from seatrial.tcp.effects import Act, Cut, Hang, Latency, Slow
from seatrial.tcp.end import End
from seatrial.tcp.pace import Pace

if TYPE_CHECKING:
    from seatrial.tcp.faults import Fault
    from seatrial.tcp.opening import Opening
    from seatrial.tcp.switchboard import Switchboard

_HELD_AT_MOST = 1 << 20


class Link:
    """Passes bytes both ways. What a client sends first after the service's last answer is a *use*.

    Everything here runs in the thread of the proxies.

    Args:
        board: what all connections of one proxy share.
        opening: how the connection begins whose client was received by somebody else; default: with whatever
            the client says.
    """

    def __init__(self, board: Switchboard, *, opening: Opening | None = None) -> None:
        self._board = board
        self._opening = opening
        self.client = End(
            made=self._arrived, received=self._from_client, ended=self._client_ended, lost=self._client_lost
        )
        self.server = End(
            made=self._connected, received=self._from_server, ended=self._server_ended, lost=self._server_lost
        )
        self.client.other, self.server.other = self.server, self.client
        self.hung_by: Fault | None = None
        self.port = 0
        """Where the service sees the connection come from. By a unix socket it comes from nowhere: minus what
        the service calls the session then, once an opening knows that, and 0 otherwise."""
        self.client_port = 0
        self._answered = True
        self._logging_in = board.wire.logs_in
        self._held: list[bytes] | None = None
        """What the client sent and the service has not heard yet; None where everything passes."""
        self._cut: tuple[Fault, Cut, int] | None = None
        """What will end the connection, and how many bytes of answers are left until then."""
        self._pace: Pace | None = None
        self._delay: asyncio.TimerHandle | None = None
        """When what is held passes by itself."""
        self._severed = False

    # --- the two connections -----------------------------------------------------------------------------

    def _arrived(self) -> None:
        assert self.client.transport is not None
        peer = self.client.transport.get_extra_info("peername")
        # A client that comes with an opening was let in already.
        turned_away = self._board.turns_away() if self._opening is None else self._board.is_down
        if peer is None or turned_away:
            self._sever(reset=True)
            return
        self.client_port = peer[1]
        self._board.links.add(self)
        self.client.pause("connecting")
        self._board.keep(asyncio.get_running_loop().create_task(self._connect()))

    async def _connect(self) -> None:
        target = self._opening.target if self._opening is not None else self._board.target
        assert target is not None  # one of the two knows
        try:
            await target.connect(self.server)
        except OSError as error:
            if self._opening is None:
                self._board.note_unreachable(error)
                self._sever(reset=True)
            else:
                self.client.write(self._opening.nobody_there(error))
                self._sever(reset=False)

    def _connected(self) -> None:
        assert self.server.transport is not None
        if self._severed or not self.client.is_open:
            self.server.abort()
            return
        name = self.server.transport.get_extra_info("sockname")
        if isinstance(name, tuple):
            self.port = name[1]
            self._board.ports[self.port] = self.client_port
        if self._opening is not None:
            self._from_client(self._opening.first)
        self.client.resume("connecting")

    def _client_ended(self) -> None:
        if self._severed:
            self.client.close()
        elif self._held is None:
            self.server.say_eof()
            self._close_if_over()
        elif self._delay is None:
            # Whoever gives up a use that hangs ends the session: nothing is to hold its locks.
            self.break_off()

    def _client_lost(self, _: Exception | None) -> None:
        if not self._severed:
            self.server.close()
        self._forget_if_gone()

    def _server_ended(self) -> None:
        if self._pace is None:
            self.client.say_eof()
            self._close_if_over()
        else:
            self._pace.finish(self._server_ended_in_full)

    def _server_ended_in_full(self) -> None:
        self._pace = None
        self.client.say_eof()
        self._close_if_over()

    def _server_lost(self, error: Exception | None) -> None:
        if not self._severed and self._pace is None:
            if isinstance(error, ConnectionResetError):
                self.client.abort(reset=True)
            else:
                self.client.close()
        self._forget_if_gone()

    def _close_if_over(self) -> None:
        if self.client.got_eof and self.server.got_eof:
            self.client.close()
            self.server.close()

    def _forget_if_gone(self) -> None:
        if not self.client.is_open and not self.server.is_open:
            self._spare()
            self._board.forget(self)

    # --- what passes -------------------------------------------------------------------------------------

    def _from_client(self, data: bytes) -> None:
        if self._severed:
            return
        if self._held is not None:
            self._held.append(data)
            if sum(map(len, self._held)) > _HELD_AT_MOST:
                self.client.pause("held")
            return
        fault = self._fault_of(data)
        if fault is not None:
            self._meet(fault, data)
        else:
            self.server.write(data)

    def _fault_of(self, data: bytes) -> Fault | None:
        # What is said to a service that has left is no use of it: pools find out like this.
        is_use = self._answered and data != self._board.wire.farewell and not self.server.got_eof
        if not is_use:
            return None
        self._answered = False
        self._end_pace()
        if not self._board.script.armed:
            return None
        return self._board.script.take_use(logging_in=self._logging_in)

    def _from_server(self, data: bytes) -> None:
        self._answered = True
        if self._opening is not None:
            data = self._hear(self._opening, data)
        if self._logging_in:
            self._logging_in = not self._board.wire.is_ready(data)
        if self._severed:
            return
        if self._cut is not None:
            fault, effect, left = self._cut
            data = data[:left]
            self._cut = fault, effect, left - len(data)
        if self._pace is not None:
            self._pace.add(data)
        else:
            self.client.write(data)
        if self._cut is not None and not self._cut[2]:
            reset, self._cut = self._cut[1].reset, None
            self._sever_after_flush(reset=reset)

    def _hear(self, opening: Opening, data: bytes) -> bytes:
        data, reply = opening.hear(data)
        if opening.session and not self.port:
            self.port = -opening.session
            self._board.ports[self.port] = self.client_port
        if opening.is_over:
            self._opening, self._logging_in = None, False
        if reply:
            self.server.write(reply)
        return data

    # --- faults ------------------------------------------------------------------------------------------

    def _meet(self, fault: Fault, data: bytes) -> None:
        effect = fault.effect
        if isinstance(effect, Latency):
            self._held = [data]
            self._delay = asyncio.get_running_loop().call_later(effect.seconds, self.release)
        elif isinstance(effect, Hang):
            self._held = [data]
            self.hung_by = fault
            self.server.pause("hung")
        elif isinstance(effect, Cut):
            if effect.after_bytes:
                self._cut = fault, effect, effect.after_bytes
                self.server.write(data)
            else:
                self._sever(reset=effect.reset)
        elif isinstance(effect, Slow):
            self._pace = Pace(effect.bytes_per_second, self.client, self.server, fault)
            self.server.write(data)
        elif isinstance(effect, Act):
            self._held = [data]
            self._board.keep(asyncio.get_running_loop().create_task(self._act(fault, effect)))

    async def _act(self, fault: Fault, effect: Act) -> None:
        done = False
        try:
            done = await asyncio.get_running_loop().run_in_executor(None, effect.act, self.port)
        finally:
            if not done:
                self._board.script.give_back(fault)
                self.release()
        # Where it is done, the service never hears of the use: what comes now is its farewell.

    def release(self) -> None:
        """Let what was held pass."""
        if self._held is None or self._severed:
            return
        held, self._held = self._held, None
        self._cancel_delay()
        if self.hung_by is not None:
            self.hung_by = None
            self.server.resume("hung")
        self.server.write(b"".join(held))
        self.client.resume("held")
        if self.client.got_eof:
            self._client_ended()

    def calm(self) -> None:
        """The test is over: what is late passes now, and what would never pass ends."""
        self._spare()
        self._end_pace()
        if self.hung_by is not None:
            self.break_off()
        elif self._delay is not None:
            self.release()

    def _spare(self) -> None:
        """The connection is not cut after all: so few bytes came that nobody has met the fault."""
        if self._cut is not None:
            self._board.script.not_met(self._cut[0])
            self._cut = None

    def break_off(self) -> None:
        """End both connections at once; the client gets a reset."""
        self._sever(reset=True)

    def close(self) -> None:
        """End both connections; the client gets an orderly end."""
        self._severed = True
        self._end_pace()
        self._spare()
        self.server.abort()
        self.client.abort()
        self._forget_if_gone()

    def _cancel_delay(self) -> None:
        if self._delay is not None:
            self._delay.cancel()
            self._delay = None

    def _end_pace(self) -> None:
        if self._pace is not None:
            self._pace.hurry()
            self._pace = None

    def _sever_after_flush(self, *, reset: bool) -> None:
        def flushed() -> None:
            self.client.after_flush(lambda: self._sever(reset=reset))

        if self._pace is None:
            flushed()
        else:
            self.server.pause("severed")
            self._pace.finish(flushed)

    def _sever(self, *, reset: bool) -> None:
        """End the connection as the client sees it; the service sees its peer leave."""
        if self._severed:
            return
        self._severed = True
        self._board.severed.add(self.port)
        self._spare()
        self._cancel_delay()
        self._held = None
        self.server.abort()
        if self._pace is not None:
            self._pace.stop()
        if reset:
            self.client.abort(reset=True)
        elif self.client.got_eof:
            self.client.close()
        else:
            # Closing with unread bytes would be a reset: the client's are read and dropped until it leaves.
            self.client.say_eof()
            self.client.resume("held")
        self._forget_if_gone()
