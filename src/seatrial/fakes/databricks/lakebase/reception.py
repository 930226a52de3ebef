"""What happens to one client between its arrival and the link that takes it to the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from seatrial.errors import SeatrialError
from seatrial.fakes.databricks.lakebase import packets
from seatrial.fakes.databricks.lakebase.lines import EncryptedLine, PlainLine
from seatrial.fakes.databricks.lakebase.opening import CancelRequest, ServerLogin
from seatrial.fakes.databricks.lakebase.upstream import Login, Refused, Verdict
from seatrial.tcp.link import Link

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from seatrial.fakes.databricks.lakebase.packets import Startup
    from seatrial.fakes.databricks.lakebase.upstream import Route, Upstream
    from seatrial.tcp.opening import Opening
    from seatrial.tcp.switchboard import Switchboard


class _Line(Protocol):
    async def read(self, count: int) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def hand_over(self, link: Link) -> None: ...


@dataclass(kw_only=True)
class House:
    """What all clients of one gate find.

    Attributes:
        board: what their links share.
        upstream: the database.
        verify: says what a role's token is good for.
        tls: who the gate is.
        patience: seconds for everything a client has to say before it is let in.
        note: is told every attempt to log in.
        links: those of the gate.
        lines: connections in TLS that no link has taken, until they are gone.
        latest: the way that the latest client took.
    """

    board: Switchboard
    upstream: Upstream
    verify: Callable[[str, str], Verdict]
    tls: ssl.SSLContext
    patience: float
    note: Callable[[Login], object]
    links: WeakSet[Link] = field(default_factory=WeakSet)
    lines: set[EncryptedLine] = field(default_factory=set)
    latest: Route | None = None


class Reception:
    """Receives one client.

    Args:
        house: where.
        raw: its connection.
    """

    def __init__(self, house: House, raw: socket.socket) -> None:
        self._house = house
        self._plain = PlainLine(raw)
        self._encrypted: EncryptedLine | None = None
        self._role = ""
        self._verdict: Verdict | None = None

    async def receive(self) -> None:
        """Let the client in, or turn it away."""
        try:
            await self._receive()
        except Refused as refused:
            await self._turn_away(refused)
        except (OSError, EOFError, packets.NotPostgresError):
            pass  # it has left, or speaks another language: PostgreSQL says nothing either
        finally:
            if self._encrypted is not None:
                self._encrypted.close()
            self._plain.close()

    async def _receive(self) -> None:
        async with asyncio.timeout(self._house.patience):
            startup = await self._greet()
        if startup is None or self._encrypted is None:
            return
        self._role = startup.role
        token = await self._ask(self._encrypted)
        route = await self._admitted(startup, token, self._encrypted.port)
        self._house.latest = route
        opening = ServerLogin(route, startup, early=self._encrypted.rest())
        self._house.note(Login(role=self._role, verdict=self._verdict, sqlstate=""))
        await self._hand_over(self._encrypted, opening)
        self._encrypted = None

    # --- before the startup message ----------------------------------------------------------------------

    async def _greet(self) -> Startup | None:
        """The startup message, once TLS is spoken; None for a client that wanted something else."""
        if await self._plain.begins_with_tls():
            line = await self._encrypt()
            return await self._first_in_tls(line) if line.speaks_postgresql else None
        while True:
            head = await self._plain.read(packets.HEAD)
            length, code = packets.head_of(head)
            if code == packets.TLS:
                await self._plain.write(b"S")
                return await self._first_in_tls(await self._encrypt())
            if code == packets.GSS:
                await self._plain.write(b"N")
                continue
            body = await self._plain.read(length - packets.HEAD)
            if code == packets.CANCEL:
                await self._cancel(self._plain, head + body)
                return None
            self._role = packets.read_startup(head, body).role
            raise Refused(
                "28000",
                f'no TLS, which this endpoint requires (user "{self._role}")',
                hint="Connect with sslmode=require, or verify-full and the authority's certificate.",
            )

    async def _encrypt(self) -> EncryptedLine:
        self._encrypted = EncryptedLine(self._house.lines)
        await self._plain.encrypt(self._encrypted, self._house.tls, seconds=self._house.patience)
        return self._encrypted

    async def _first_in_tls(self, line: EncryptedLine) -> Startup | None:
        head = await line.read(packets.HEAD)
        length, code = packets.head_of(head)
        body = await line.read(length - packets.HEAD)
        if code == packets.CANCEL:
            await self._cancel(line, head + body)
            return None
        return packets.read_startup(head, body)

    async def _cancel(self, line: _Line, packet: bytes) -> None:
        if self._house.latest is not None:
            await self._hand_over(line, CancelRequest(self._house.latest, packet))
            self._encrypted = None

    # --- the token ---------------------------------------------------------------------------------------

    async def _ask(self, line: EncryptedLine) -> str:
        try:
            async with asyncio.timeout(self._house.patience):
                await line.write(packets.ask_for_password())
                count = packets.length_of_password(await line.read(packets.FRAME))
                return packets.password_of(await line.read(count))
        except TimeoutError:
            raise Refused("57014", "canceling authentication due to timeout") from None

    async def _admitted(self, startup: Startup, token: str, port: int) -> Route:
        # It takes locks of others, and may start the server: in a thread of its own.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._admit, startup, token, port)

    def _admit(self, startup: Startup, token: str, port: int) -> Route:
        self._verdict = self._house.verify(startup.role, token)
        if self._verdict is not Verdict.ACCEPTED:
            raise Refused("28P01", f'password authentication failed for user "{startup.role}"')
        if startup.database != self._house.upstream.database:
            raise Refused("3D000", f'database "{startup.database}" does not exist')
        try:
            return self._house.upstream.route(startup.role, port)
        except SeatrialError as error:
            raise Refused(
                "57P03", f"the test database is not to be had: {error.message} [{error.code}]"
            ) from error

    # --- the end -----------------------------------------------------------------------------------------

    async def _hand_over(self, line: _Line, opening: Opening) -> None:
        link = Link(self._house.board, opening=opening)
        self._house.links.add(link)
        await line.hand_over(link)

    async def _turn_away(self, refused: Refused) -> None:
        self._house.note(Login(role=self._role, verdict=self._verdict, sqlstate=refused.sqlstate))
        line: _Line = self._encrypted or self._plain
        try:
            async with asyncio.timeout(self._house.patience):
                await line.write(packets.fatal(refused))
        except OSError:
            pass  # it has left
