"""What the server behind a gate asks for and does, and faults on the way to it."""

from __future__ import annotations

import socket

import psycopg
import pytest

from seatrial.fakes.databricks.lakebase import Refused, Route, Upstream
from seatrial.postgres.faults import POSTGRES
from seatrial.tcp import Faults, ProxyThread, Target, TcpProxy
from tests.integration.lakebase.conftest import ADA, APP, DATABASE, upstream_of

PASSWORD = "hoist \u2460 away"  # the sign is another one for SASLprep


@pytest.fixture(scope="module")
def asking(server) -> dict[str, str]:
    """Roles that the server asks for a password over TCP, each in another way -> the way."""
    ways = {APP: "scram-sha-256", "md5@example.com": "md5", "clear@example.com": "password"}
    rules = "".join(f'host all "{role}" 127.0.0.1/32 {way}\n' for role, way in ways.items())
    file = server.data_dir / "pg_hba.conf"
    file.write_text(rules + file.read_text())
    with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
        for role, way in ways.items():
            admin.execute(b"set password_encryption = 'scram-sha-256'")
            if way == "md5":
                admin.execute(b"set password_encryption = 'md5'")
            if role != APP:
                admin.execute(f'create role "{role}" login'.encode())
            admin.execute(f"alter role \"{role}\" password '{PASSWORD}'".encode())
        admin.execute("select pg_reload_conf()")
    while not _is_let_in(server, "md5@example.com"):
        pass
    return ways


def _is_let_in(server, role: str) -> bool:
    try:
        psycopg.connect(
            host="127.0.0.1", port=server.port, user=role, password=PASSWORD, dbname=DATABASE
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_server_that_wants_a_password(server, opened, asking):
    passwords = {**dict.fromkeys(asking, PASSWORD), ADA: "wrong"}

    def route(role: str, port: int) -> Route:
        del port
        if role not in passwords:
            raise Refused("28000", f'role "{role}" cannot be logged in here', hint="Take another.")
        return Route(target=Target(host="127.0.0.1", port=server.port), password=passwords[role])

    endpoint = opened(Upstream(database=DATABASE, route=route))
    for role in asking:
        with endpoint.psycopg(user=role) as connection:
            assert connection.execute("select current_user::text").fetchone() == (role,)
    with endpoint.psycopg(user=APP) as connection:
        [port] = connection.execute("select inet_client_port()").fetchone() or [None]
        with socket.socket(fileno=connection.pgconn.socket) as raw:
            assert endpoint.gate.client_port(port) == raw.getsockname()[1]
            raw.detach()
    state, message = endpoint.refusal(user="grace@example.com")
    assert (state, "cannot be logged in here" in message, "Take another." in message) == ("28000", True, True)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        endpoint.psycopg()


def test_a_server_whose_question_has_no_answer(server, opened):
    target = Target(host="127.0.0.1", port=server.port)
    endpoint = opened(Upstream(database=DATABASE, route=lambda role, port: Route(target=target)))
    with pytest.raises(psycopg.OperationalError, match="a proof that there is none of"):
        endpoint.psycopg()


def test_sessions_are_told_apart(endpoint):
    with endpoint.psycopg() as one, endpoint.psycopg() as other:
        for connection in (one, other):
            with socket.socket(fileno=connection.pgconn.socket) as raw:
                port = raw.getsockname()[1]
                raw.detach()
            assert endpoint.gate.client_port(-connection.info.backend_pid) == port
        assert endpoint.gate.client_port(-1) == -1


def test_the_server_ends_sessions(endpoint, server):
    with endpoint.psycopg() as connection, psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("select 1")


def test_nobody_is_behind_it(opened, tmp_path):
    gone = Route(target=Target(path=str(tmp_path / "gone")))
    endpoint = opened(Upstream(database=DATABASE, route=lambda role, port: gone))
    with pytest.raises(psycopg.OperationalError, match="cannot be reached: No such file"):
        endpoint.psycopg()
    assert endpoint.gate.problems() == []


def test_faults_of_the_database_are_met_behind_the_gate(server, opened):
    upstream = upstream_of(server)
    proxy = TcpProxy(
        "the database", Target(host="127.0.0.1", port=server.port), thread=ProxyThread(), wire=POSTGRES
    )
    proxy.start()
    try:
        endpoint = opened(Upstream(database=DATABASE, route=upstream.route, proxy=proxy))
        _meets_faults(endpoint, proxy)
        endpoint.gate.stop()
    finally:
        proxy.stop()


def _meets_faults(endpoint, proxy: TcpProxy) -> None:
    faults = Faults(proxy)
    with endpoint.psycopg() as connection:
        with faults.latency(0.001) as late:
            connection.execute("select 1")
        assert late.met == 1
        fault = faults.reset()
        with endpoint.psycopg() as other:  # a login meets no fault for a number of uses
            assert fault.met == 0
            with pytest.raises(psycopg.OperationalError) as error:
                connection.execute("select 1")
            assert (fault.met, error.value.sqlstate) == (1, None)
            assert other.execute("select 1").fetchone() == (1,)
            faults.drop(after_bytes=50_000)
            with pytest.raises(psycopg.OperationalError):
                other.execute("select repeat('x', 100000)")
    with faults.reset() as block, pytest.raises(psycopg.OperationalError):
        endpoint.psycopg()
    assert block.met == 1
    refused = faults.refuse()
    with pytest.raises(psycopg.OperationalError):
        endpoint.psycopg()
    assert refused.met == 1
    with faults.down(), pytest.raises(psycopg.OperationalError, match="refused"):
        endpoint.psycopg()
    with endpoint.psycopg() as connection:
        assert -connection.info.backend_pid in proxy.close_connections()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    endpoint.psycopg().close()
