"""Who listens on a port or a socket, asked of real listeners."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from seatrial.postgres.choice import holder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")


@pytest.fixture
def short_folder():
    with tempfile.TemporaryDirectory(prefix="st-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    ("bound", "asked", "found"),
    [
        ("127.0.0.1", ["127.0.0.1", "::1"], {"127.0.0.1"}),
        ("127.0.0.2", ["127.0.0.1", "::1"], set()),
        ("127.0.0.2", ["127.0.0.2"], {"127.0.0.2"}),
        ("0.0.0.0", ["127.0.0.1", "::1"], {"127.0.0.1"}),
        ("::1", ["127.0.0.1", "::1"], {"::1"}),
        ("::", ["127.0.0.1", "::1"], {"127.0.0.1", "::1"}),
        ("::ffff:127.0.0.1", ["127.0.0.1", "::1"], {"127.0.0.1"}),
    ],
)
def test_a_port_is_held_at_the_addresses_it_is_bound_to(bound, asked, found):
    family = socket.AF_INET6 if ":" in bound else socket.AF_INET
    with socket.socket(family) as listener:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((bound, 0))
        listener.listen()
        listeners = holder.port_holders(asked, listener.getsockname()[1])
    assert {one.address for one in listeners} == found
    assert {one.pid for one in listeners} <= {os.getpid()}


def test_a_connection_that_outlived_its_listener_is_nobody_listening():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        near = socket.create_connection(("127.0.0.1", port))
        far, _ = listener.accept()
    with near, far:
        assert holder.port_holders(["127.0.0.1"], port) == []


def test_a_socket_is_found_by_its_path_also_through_a_link(short_folder):
    (short_folder / "real").mkdir()
    (short_folder / "link").symlink_to(short_folder / "real")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{short_folder}/real/s")
        listener.listen()
        for way in ("real", "link"):
            (found,) = holder.socket_holders(f"{short_folder}/{way}/s")
            assert found.pid == os.getpid()


def test_an_abstract_socket_is_found_by_its_name(short_folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{short_folder}/s")
        listener.listen()
        (found,) = holder.socket_holders(f"@{short_folder}/s")
        assert found.pid == os.getpid()
        assert holder.socket_holders(f"@{short_folder}/other") == []


def test_a_socket_file_that_nobody_here_holds_cannot_be_told(short_folder):
    """As one that another container put into a shared folder."""
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(f"{short_folder}/s")
    assert holder.socket_holders(f"{short_folder}/s") is None
    assert holder.socket_holders(f"{short_folder}/none") == []


@pytest.mark.parametrize(
    "program", ["postgres", "pgbouncer", "docker-proxy", "rootlessport", "pasta.avx2", "com.docker.backend"]
)
def test_servers_poolers_and_forwarders_of_containers_are_known(program):
    assert holder.is_known(program)


@pytest.mark.parametrize(
    "program", ["ssh", "kubectl", "cloud_sql_proxy", "python3", "postgres-proxy", "socat"]
)
def test_every_other_program_is_not(program):
    assert not holder.is_known(program)
