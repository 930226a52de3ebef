"""What a service says before it leaves reaches the client, whatever the client sends at that moment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seatrial.tcp import Target, TcpProxy


@pytest.fixture(params=["unix socket", "port"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, Target]]:
    if request.param == "port":
        listener = socket.create_server(("127.0.0.1", 0))
        target = Target(host="127.0.0.1", port=listener.getsockname()[1])
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        target = Target(path=str(tmp_path / "s"))
    with listener:
        yield listener, target


def test_a_client_that_speaks_while_the_service_leaves(
    proxied: Callable[..., TcpProxy], service: tuple[socket.socket, Target]
) -> None:
    listener, target = service
    proxy = proxied(target)
    with socket.create_connection(proxy.address) as client:
        client.sendall(b"hello")
        session, _ = listener.accept()
        assert session.recv(5) == b"hello"
        session.sendall(b"welcome")
        assert client.recv(7) == b"welcome"

        held, release = threading.Event(), threading.Event()

        def hold() -> None:
            held.set()
            release.wait()

        proxy.thread.call(hold)
        held.wait()
        # In this order, and both before the proxy looks again: it passes on the first, and that fails.
        client.sendall(b"one more")
        session.sendall(b"closing time")
        session.close()
        release.set()

        assert client.recv(100) == b"closing time"
        assert client.recv(100) == b""
