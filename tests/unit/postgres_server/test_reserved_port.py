from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from seatrial.postgres.server import ReservedPort
from seatrial.postgres.server.ports import port_range


@pytest.fixture
def reserved():
    port = ReservedPort.reserve()
    yield port
    port.release()


def test_the_port_lies_below_the_ephemeral_range(reserved):
    low, high = port_range()
    assert 1024 < low <= reserved.port < high


def test_nobody_else_gets_the_port(reserved):
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", reserved.port))
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("0.0.0.0", reserved.port))


def test_reservations_differ(monkeypatch, reserved):
    low, _ = port_range()
    monkeypatch.setattr("random.randrange", lambda _width: reserved.port - low)
    second = ReservedPort.reserve()
    assert second.port != reserved.port
    second.release()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the reservation ends when the server starts")
def test_a_server_that_reuses_addresses_binds_and_listens(reserved):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", reserved.port))
        server.listen()
        with socket.create_connection(("127.0.0.1", reserved.port)) as client:
            assert client.getpeername()[1] == reserved.port


def test_a_reserved_port_refuses_connections(reserved):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", reserved.port))


def test_a_released_port_is_free_again(reserved):
    reserved.release()
    with socket.socket() as other:
        other.bind(("127.0.0.1", reserved.port))


def test_child_processes_do_not_inherit_the_reservation(reserved):
    script = "import subprocess; print(subprocess.getoutput('ls -l /proc/self/fd'))"
    assert not reserved._socket.get_inheritable()
    if sys.platform == "linux":
        printed = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, close_fds=False
        )
        assert "socket" not in printed.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [("32768\t60999\n", (10240, 32768)), ("1024 65535", (10240, 65536)), ("49152 65535", (10240, 49152))],
)
def test_the_range_follows_the_kernel(monkeypatch, tmp_path, text, expected):
    file = tmp_path / "range"
    file.write_text(text)
    monkeypatch.setattr("seatrial.postgres.server.ports.EPHEMERAL_FILE", file)
    assert port_range() == expected
