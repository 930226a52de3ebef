"""Faults between the application and its database: `db.faults`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.tcp import Faults, ProxyThread, Target, TcpProxy, Wire
from seatrial.tcp.effects import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from seatrial.config import DatabaseAddress
    from seatrial.tcp import Fault

_GONE_LIMIT_S = 5.0
_GONE_POLL_S = 0.001
# A session by a unix socket is known by minus its process, see `Link.port`.
_END = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
 where datname = %s and case when client_port > 0 then client_port else -pid end = any(%s)
   and backend_type = 'client backend'
"""


def _is_ready(answer: bytes) -> bool:
    """The server waits for the first statement; or what follows is encrypted, and cannot be read."""
    return answer.endswith(b"Z\x00\x00\x00\x05I") or answer == b"S"


POSTGRES = Wire(farewell=b"X\x00\x00\x00\x04", logs_in=True, is_ready=_is_ready)


class DatabaseFaults(Faults):
    """What the next uses of the database by the application meet; see `Faults`.

    Args:
        proxy: what passes the uses.
        end_session: ends the session that comes from a port; tells whether there was one.
    """

    def __init__(self, proxy: TcpProxy, *, end_session: Callable[[int], bool]) -> None:
        super().__init__(proxy)
        self._end_session = end_session

    def terminate(self, *, times: int | None = 1) -> Fault:
        """The server ends the session (`pg_terminate_backend`), and the use is answered with its 57P01.

        Raises:
            FakeError: `times` is below one.
        """
        return self._proxy.arm(Act("terminate()", self._end_session), times=times)


class DatabaseProxy:
    """The address the application has, and the proxy behind it. Connections of ours do not pass it.

    Args:
        server: the address of the tested database itself.
        connect: opens a session of ours that may end those of the application.

    Raises:
        FakeError: this process may not listen on 127.0.0.1.
    """

    def __init__(self, server: DatabaseAddress, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._name = server.name
        self._connect = connect
        self._proxy = self.tcp = TcpProxy(
            "the database", target_of(server), thread=ProxyThread(), wire=POSTGRES
        )
        host, port = self._proxy.address
        self.address = replace(server, host=host, port=port)
        self.faults = DatabaseFaults(self._proxy, end_session=self._end_session)
        # At once, since an application may connect while it is imported.
        self._proxy.start()

    def client_port(self, port: int) -> int:
        """Where the client of a session comes from which the server sees come from `port`."""
        return self._proxy.client_port(port)

    def calm(self) -> None:
        """The test is over: end its faults, and what hangs because of them."""
        self._proxy.calm()

    def problems(self) -> list[FakeError]:
        """What is wrong with the faults of the test that is over."""
        return [
            FakeError(
                f"db.faults: {problem}",
                code="faults.not-met",
                remedy="let the application use the database after the fault is set, in the same test; a use "
                "is a round trip",
            )
            for problem in self._proxy.problems()
        ]

    def forget(self) -> None:
        """Another test begins."""
        self._proxy.forget()

    @property
    def broke_connections(self) -> bool:
        """Whether the application's pools may hold broken connections."""
        return self._proxy.broke_connections

    def close_connections(self) -> None:
        """End every session of the application, and wait until the server has forgotten them."""
        ports = list(self._proxy.close_connections())
        end = time.monotonic() + _GONE_LIMIT_S
        with self._connect() as connection:
            while self._end(connection, ports) and time.monotonic() < end:
                time.sleep(_GONE_POLL_S)

    def close(self) -> None:
        """Give the port back."""
        self._proxy.stop()

    def _end_session(self, port: int) -> bool:
        with self._connect() as connection:
            return bool(self._end(connection, [port]))

    def _end(self, connection: psycopg.Connection[Any], ports: list[int]) -> int:
        row = connection.execute(_END.encode(), [self._name, ports]).fetchone()
        return int(row[0]) if row else 0


def target_of(server: DatabaseAddress) -> Target:
    """Where a server is, for a proxy."""
    if server.host.startswith("/"):
        return Target(path=f"{server.host}/.s.PGSQL.{server.port}")
    return Target(host=server.host, port=server.port)
