"""Connections to other machines: refused for every client, noted with host and caller; this machine is free.

The addresses are of RFC 5737 and RFC 2606: if one was asked after all, nobody would answer.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import anyio
import asyncpg
import httpx2
import openai
import pytest

from seatrial.fakes import Fakes
from seatrial.fakes.passing import PASSING_ON
from seatrial.trial.network import Guard, Reachable, hook
from seatrial.trial.network.machine import is_this_machine

REMOTE = "192.0.2.7"
NAME = "payments.example.com"
HERE = Path(__file__).name


@pytest.fixture
def guard():
    guarding = Guard(Reachable(["allowed.invalid", "198.51.100.4"]))
    guarding.watch("this test")
    yield guarding
    guarding.leave()


@pytest.fixture
def local():
    """A server on this machine that accepts and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()


def urllib_get(host):
    urllib.request.urlopen(f"http://{host}/", timeout=5)


def httpx2_get(host):
    with httpx2.Client(trust_env=False) as client:
        client.get(f"http://{host}/")


async def httpx2_async_get(host):
    async with httpx2.AsyncClient(trust_env=False) as client:
        await client.get(f"http://{host}/")


async def streams(host):
    await asyncio.open_connection(host, 80)


async def any_streams(host):
    await anyio.connect_tcp(host, 80)


async def asyncpg_connect(host):
    await asyncpg.connect(f"postgresql://u:hunter2@{host}:80/x", ssl="disable", timeout=5)


async def openai_call(host):
    async with openai.AsyncOpenAI(base_url=f"http://{host}", api_key="k", max_retries=0) as client:
        await client.models.list()


def create_connection(host):
    socket.create_connection((host, 80), timeout=5)


CLIENTS = {
    create_connection: OSError,
    urllib_get: urllib.error.URLError,
    httpx2_get: httpx2.ConnectError,
    httpx2_async_get: httpx2.ConnectError,
    streams: OSError,
    any_streams: OSError,
    asyncpg_connect: OSError,
    openai_call: openai.APIConnectionError,
}


@pytest.mark.parametrize("host", [REMOTE, NAME])
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_a_client_meets_the_failure_it_knows_and_its_line_is_told(guard, client, host):
    call = (
        (lambda: asyncio.run(client(host))) if asyncio.iscoroutinefunction(client) else lambda: client(host)
    )
    with pytest.raises(CLIENTS[client]):
        call()
    (problem,) = guard.problems("this test")
    assert problem.code == "network.remote-host"
    assert f"  {host}:80, in the thread " in problem.detail
    assert f"{HERE}:" in problem.detail
    assert f" {client.__name__}" in problem.detail
    assert "hunter2" not in str(problem)
    assert guard.problems("this test") == []


def test_datagrams_and_lookups_are_connections_too(guard):
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        with pytest.raises(ConnectionRefusedError):
            sock.sendto(b"x", (REMOTE, 8125))
        with pytest.raises(ConnectionRefusedError):
            sock.sendmsg([b"x"], [], 0, (REMOTE, 8126))
        with pytest.raises(ConnectionRefusedError):
            sock.connect_ex((REMOTE, 8127))
    for lookup in (socket.gethostbyname, socket.gethostbyname_ex, socket.gethostbyaddr):
        with pytest.raises(socket.gaierror):
            lookup(NAME)
    with pytest.raises(ConnectionRefusedError):
        socket.getnameinfo((REMOTE, 80), 0)
    (problem,) = guard.problems("this test")
    assert [port in problem.detail for port in (":8125,", ":8126,", ":8127,")] == [True] * 3
    assert f"  {NAME}, " in problem.detail


def test_this_machine_may_be_reached_by_every_name_and_kind_of_socket(guard, local, tmp_path):
    port = local[1]
    for name in ("localhost", "127.0.0.1", "127.8.8.8", socket.gethostname(), "0.0.0.0"):
        with socket.socket() as sock:
            sock.settimeout(5)
            sock.connect_ex((socket.getaddrinfo(name, port, socket.AF_INET)[0][4][0], port))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as sock:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        sock.connect(str(tmp_path / "s"))
    socket.getaddrinfo(None, port)
    socket.getaddrinfo(REMOTE, 80, flags=socket.AI_NUMERICHOST)
    one, other = socket.socketpair()
    one.close()
    other.close()
    assert guard.problems("this test") == []


def test_addresses_of_this_machine_are_told_from_others():
    assert is_this_machine(socket.gethostname().lower())
    for foreign in (REMOTE, "8.8.8.8", "2001:db8::7", "fe80::1%lo", "224.0.0.1", "255.255.255.255", NAME):
        assert not is_this_machine(foreign), foreign


def test_hosts_that_are_allowed_are_asked(guard):
    # An own address stands in for what the name leads to: nothing leaves the machine.
    reachable = Reachable(["localhost", "198.51.100.4"])
    assert reachable.permits("198.51.100.4")
    assert reachable.permits("Localhost.")
    assert not reachable.permits("198.51.100.5")
    guard.looking_up("allowed.invalid", 443)
    guard.connecting("198.51.100.4", 443)
    assert guard.problems("this test") == []


def test_the_addresses_of_an_allowed_name_are_learned(monkeypatch):
    answers = [["198.51.100.1"], ["198.51.100.1", "198.51.100.2"]]

    def resolve(name, port, **options):
        assert name == "db.internal"
        return [(2, 1, 6, "", (address, 0)) for address in answers[0]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    reachable = Reachable(["db.internal"])
    assert reachable.permits("198.51.100.1")
    assert not reachable.permits("198.51.100.2")
    answers.pop(0)
    assert reachable.permits("198.51.100.2"), "the name has another address by now"


def test_what_an_application_swallows_is_told_with_the_test_it_happened_in(guard):
    def telemetry():
        with pytest.raises(OSError):
            socket.create_connection((NAME, 443))

    guard.watch("tests/a.py::test_first")
    for _ in range(3):
        threads = [threading.Thread(target=telemetry, name="telemetry") for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    guard.watch("tests/a.py::test_second")
    (problem,) = guard.problems("this test")
    assert problem.detail.count(NAME) == 1, "one line of code is told once"
    assert "in the thread 'telemetry'" in problem.detail
    assert "(after tests/a.py::test_first)" in problem.detail


def test_a_lookup_in_an_executor_is_told_with_the_task_that_waits_for_it(guard):
    async def billing():
        await asyncio.get_running_loop().getaddrinfo(NAME, 443)

    async def main():
        loop = asyncio.get_running_loop()
        # The only thread is taken until the task waits: it is found suspended, not running.
        loop.set_default_executor(pool)
        gate = threading.Event()
        pool.submit(gate.wait)
        task = asyncio.create_task(billing())
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(socket.gaierror):
            await task

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asyncio.run(main())
    (problem,) = guard.problems("this test")
    assert f"{HERE}:{billing.__code__.co_firstlineno + 1} billing" in problem.detail


def test_a_proxy_is_another_machine_and_the_variable_is_named(guard, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://u:hunter2@{REMOTE}:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with httpx2.Client() as client, pytest.raises(httpx2.ConnectError):
        client.get("http://127.0.0.1:9/")
    (problem,) = guard.problems("this test")
    assert f"  {REMOTE}:3128" in problem.detail
    assert "the proxy of the variable HTTP_PROXY: NO_PROXY=127.0.0.1,localhost" in problem.detail
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("exempt", [True, False])
def test_a_live_fake_reaches_the_real_service_and_nobody_else_does(exempt):
    class OnlyThis(Reachable):
        def permits(self, host):
            return host == "127.0.0.1"

    with socket.create_server(("127.0.0.2", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        server = threading.Thread(target=answer_once, args=(elsewhere,))
        if exempt:
            server.start()
        fakes = Fakes({"openai": {}}, live={"openai": f"http://127.0.0.2:{port}"})
        fakes.start()
        passing = Guard(OnlyThis([]), exempt=PASSING_ON.get if exempt else lambda: False)
        passing.watch("this test")
        try:
            with httpx2.Client(trust_env=False) as client:
                answer = client.get(f"{fakes.url('openai')}/v1/models")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port))
        finally:
            passing.leave()
            fakes.stop()
        if exempt:
            server.join(20)
    (problem,) = passing.problems("this test")
    assert answer.status_code == (204 if exempt else 502)
    assert problem.detail.count(f"127.0.0.2:{port}") == (1 if exempt else 2)


def answer_once(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def test_nobody_is_held_back_while_nobody_watches(guard, monkeypatch):
    asked = []
    monkeypatch.setattr(guard, "_note", lambda *noted: asked.append(noted))
    guard.suspended = True
    guard.connecting(REMOTE, 80)
    guard.suspended = False
    inner = Guard(Reachable([]))
    inner.watch("a run inside of this one")
    assert hook.watcher() is inner
    inner.leave()
    assert hook.watcher() is guard
    guard.leave()
    assert hook.watcher() is None
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect((REMOTE, 9))  # of a datagram socket: nothing is sent
    assert asked == []
