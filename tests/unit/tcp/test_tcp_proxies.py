"""Proxies as objects: arguments, forks, ports, threads; and faults with their numbers."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from seatrial.errors import FakeError
from seatrial.tcp import Faults, ProxyThread, Target, TcpProxy


@pytest.fixture
def proxy():
    made = TcpProxy("the cache", Target(path="/nowhere"), thread=ProxyThread())
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        (lambda faults: faults.latency(-0.1), "seconds, zero or more, found -0.1"),
        (lambda faults: faults.latency(float("inf")), "found inf"),
        (lambda faults: faults.latency("1"), "found '1'"),
        (lambda faults: faults.slow(0), "more than zero, found 0"),
        (
            lambda faults: faults.reset(after_bytes=-1),
            r"reset\(\) expects after_bytes, zero or more, found -1",
        ),
        (lambda faults: faults.drop(after_bytes=1.5), r"drop\(\) expects .* found 1.5"),
        (lambda faults: faults.hang(times=0), "found times=0"),
        (lambda faults: faults.refuse(times=True), "found times=True"),
    ],
)
def test_wrong_arguments(proxy, verb, says):
    with pytest.raises(FakeError, match=says) as error:
        verb(Faults(proxy))
    assert error.value.code == "faults.argument"
    assert proxy.problems() == []


def test_faults_are_told_as_they_were_written(proxy):
    faults = Faults(proxy)
    faults.latency(1.5)
    faults.hang(times=2)
    faults.reset(after_bytes=3, times=None)
    faults.slow(10, times=4)
    assert proxy.problems() == [
        "nobody met latency(1.5)",
        "nobody met hang(times=2)",
        "nobody met reset(after_bytes=3)",
        "nobody met slow(10, times=4)",
    ]


def test_a_fork_has_no_faults_and_ends_nobody_elses(proxy):
    proxy.start()
    child = os.fork()
    if not child:  # nothing of pytest may run here
        status = 1
        try:
            Faults(proxy).hang()
        except FakeError as error:
            proxy.stop()
            status = 0 if error.code == "faults.forked" else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    # The reset may come so soon that connecting fails already.
    with pytest.raises(ConnectionResetError), socket.create_connection(proxy.address, timeout=20) as client:
        client.recv(1)
    assert proxy.problems() == ["nobody answers at /nowhere: No such file or directory"]


def test_a_client_that_comes_early_waits(proxy):
    with socket.create_connection(proxy.address, timeout=20) as client:
        client.sendall(b"early")
        proxy.start()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_the_port_stays_ours_while_nobody_listens(proxy):
    proxy.start()
    with proxy.down(), socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(proxy.address)


def test_proxies_share_a_thread_that_ends_with_the_last():
    thread = ProxyThread()
    proxies = [TcpProxy("a service", Target(path="/nowhere"), thread=thread) for _ in range(2)]
    names = lambda: [t.name for t in threading.enumerate() if t.name.startswith("seatrial-tcp")]  # noqa: E731 - asked again and again
    assert names() == []
    for proxy in proxies:
        proxy.start()
        proxy.start()
    assert names() == ["seatrial-tcp"]
    proxies[0].stop()
    assert names() == ["seatrial-tcp"]
    proxies[1].stop()
    proxies[1].stop()
    assert names() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(proxies[0].address, timeout=20)
