"""A Redis client meets each fault as it would meet it in production."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
import redis

from seatrial.errors import FakeError
from seatrial.tcp import Target


def test_without_faults_everything_passes(cache):
    client = cache.connected()
    large = b"x" * 3_000_000
    client.set("large", large)
    assert client.get("large") == large
    pipe = client.pipeline()
    for number in range(500):
        pipe.set(f"k{number}", number)
    assert all(pipe.execute())
    assert cache.proxy.problems() == []


def test_what_a_client_says_first_waits_until_the_service_is_there(monkeypatch, cache):
    """Early versions of Python 3.11 begin to read after `connection_made`, whether it has paused or not."""

    def add_reader(transport, fd, callback):
        if not transport._closing:
            transport._loop._add_reader(fd, callback)

    monkeypatch.setattr(asyncio.selector_events._SelectorTransport, "_add_reader", add_reader)
    for _ in range(5):
        assert cache.connected(timeout=5).ping()


def test_latency_is_for_the_next_uses_only(cache):
    client = cache.connected(timeout=0.2)
    fault = cache.faults.latency(30, times=2)
    for _ in range(2):
        with pytest.raises(redis.TimeoutError):
            client.ping()
        client.connection_pool.disconnect()
        if fault.met == 1:
            client = cache.client(timeout=0.2)
    assert fault.met == 2
    assert cache.connected().ping()


def test_a_late_use_arrives(cache):
    client = cache.connected()
    with cache.faults.latency(0.01) as fault:
        assert client.incr("late") == 1
        assert client.incr("late") == 2
    assert fault.met == 2


def test_reset_at_once_does_not_reach_the_service(cache):
    client, other = cache.connected(), cache.connected()
    cache.faults.reset()
    with pytest.raises(redis.ConnectionError, match="reset"):
        client.set("reset", 1)
    assert other.get("reset") is None
    assert client.set("reset", 2)


def test_reset_after_bytes_reaches_the_service(cache):
    client, other = cache.connected(), cache.connected()
    other.set("long", "x" * 1000)
    cache.faults.reset(after_bytes=200)
    with pytest.raises(redis.ConnectionError, match="reset"):
        client.get("long")
    assert client.get("long") == b"x" * 1000


@pytest.mark.parametrize("after_bytes", [0, 200])
def test_a_raw_client_sees_exactly_so_many_bytes(cache, after_bytes):
    cache.connected().set("long", "x" * 1000)
    for verb, expected in ((cache.faults.drop, b""), (cache.faults.reset, ConnectionResetError)):
        with socket.create_connection(cache.proxy.address, timeout=20) as raw:
            verb(after_bytes=after_bytes)
            raw.sendall(b"GET long\r\n")
            received, end = _all(raw)
        assert len(received) == after_bytes
        assert received == (b"$1000\r\n" + b"x" * 1000)[:after_bytes]
        assert end == expected


def _all(raw):
    received = b""
    try:
        while data := raw.recv(4096):
            received += data
    except OSError as error:
        return received, type(error)
    return received, b""


def test_a_client_that_retries_survives_one_reset_and_not_two(cache):
    client = cache.connected(retries=1)
    fault = cache.faults.reset()
    assert client.set("again", 1)
    assert fault.met == 1
    cache.faults.reset(times=2)
    with pytest.raises(redis.ConnectionError):
        client.get("again")


def test_drop_is_an_orderly_end(cache):
    client = cache.connected()
    cache.faults.drop()
    with pytest.raises(redis.ConnectionError, match="closed"):
        client.ping()
    assert client.ping()


def test_hang_ends_with_the_clients_own_patience(cache):
    client = cache.connected(timeout=0.1)
    cache.faults.hang()
    with pytest.raises(redis.TimeoutError):
        client.set("hung", 1)
    assert cache.connected().get("hung") is None


def test_a_hang_that_ends_lets_the_use_pass(cache):
    client, answers = cache.connected(), []
    with cache.faults.hang() as fault:
        thread = threading.Thread(target=lambda: answers.append(client.set("later", 1)))
        thread.start()
        _until(lambda: fault.met == 1)
        assert cache.proxy.problems() == []
        assert answers == []
    thread.join(20)
    assert answers == [True]


def test_the_end_of_the_test_resets_what_hangs(cache):
    client, errors = cache.connected(), []

    def call() -> None:
        try:
            client.ping()
        except redis.ConnectionError as error:
            errors.append(error)

    fault = cache.faults.hang()
    thread = threading.Thread(target=call)
    thread.start()
    _until(lambda: fault.met == 1)
    cache.proxy.calm()
    thread.join(20)
    assert "reset" in str(errors[0])
    assert cache.proxy.broke_connections
    assert client.ping()


def test_slow_sends_all_and_in_pieces(cache):
    cache.connected().set("long", "x" * 1000)
    with socket.create_connection(cache.proxy.address, timeout=20) as raw:
        cache.faults.slow(20_000)
        raw.sendall(b"GET long\r\n")
        first = raw.recv(100_000)
        received = first
        while len(received) < 1009:
            received += raw.recv(100_000)
        assert received == b"$1000\r\n" + b"x" * 1000 + b"\r\n"
        assert len(first) <= 1000
        raw.sendall(b"GET long\r\n")
        assert len(raw.recv(100_000)) > 0


def test_a_slow_answer_that_is_over_comes_at_once(cache):
    cache.connected().set("long", "x" * 100_000)
    client = cache.connected()
    with cache.faults.slow(1000):
        thread = threading.Thread(target=lambda: answers.append(client.get("long")))
        answers = []
        thread.start()
        thread.join(0.01)
    thread.join(20)  # it would take more than a minute
    assert answers == [b"x" * 100_000]


def test_a_slow_answer_can_be_cut(cache):
    cache.connected().set("long", "x" * 1000)
    with socket.create_connection(cache.proxy.address, timeout=20) as raw:
        cache.faults.slow(10_000)
        raw.sendall(b"GET long\r\n")
        cache.faults.reset()
        raw.recv(1)
        raw.sendall(b"GET long\r\n")
        assert _all(raw)[1] is ConnectionResetError


def test_refuse_meets_new_connections_only(cache):
    client = cache.connected()
    fault = cache.faults.refuse(times=2)
    for _ in range(2):
        with pytest.raises(redis.ConnectionError):
            cache.client().ping()
        assert client.ping()
    assert fault.met == 2
    assert cache.connected().ping()


def test_down_refuses_for_real_and_comes_back_at_the_same_port(cache):
    client = cache.connected()
    for _ in range(3):
        with cache.faults.down():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(cache.proxy.address, timeout=20)
            with pytest.raises(redis.ConnectionError):
                client.ping()
            with pytest.raises(FakeError, match="down already"), cache.faults.down():
                pass
        assert client.ping()
    assert cache.proxy.broke_connections


def test_what_nobody_met_is_told(cache):
    client = cache.connected()
    cache.faults.latency(0.25, times=3)
    cache.faults.hang()
    with cache.faults.reset():
        pass
    cache.faults.reset(after_bytes=10_000_000)
    cache.faults.refuse()
    assert cache.proxy.problems() == [
        "nobody met latency(0.25, times=3)",
        "nobody met hang()",
        "nobody met reset()",
        "nobody met reset(after_bytes=10000000)",
        "nobody met refuse()",
    ]
    cache.proxy.forget()
    assert cache.proxy.problems() == []
    assert client.ping()


def test_too_few_bytes_for_a_cut_are_no_cut(cache):
    client = cache.connected()
    cache.faults.drop(after_bytes=10_000_000)
    assert client.ping()
    cache.proxy.calm()
    assert cache.proxy.problems() == ["nobody met drop(after_bytes=10000000)"]
    assert client.ping()


def test_faults_in_order_and_those_of_a_block_last(cache):
    client = cache.connected()
    with cache.faults.latency(0) as late:
        cache.faults.reset()
        cache.faults.drop()
        with pytest.raises(redis.ConnectionError, match="reset"):
            client.ping()
        with pytest.raises(redis.ConnectionError, match="closed"):
            client.ping()
        assert late.met == 0
        assert client.ping()
    assert late.met > 0


def test_a_target_that_is_down_is_named(proxied, tmp_path):
    proxy = proxied(Target(path=str(tmp_path / "nobody")))
    # The reset may come so soon that connecting fails already.
    with pytest.raises(ConnectionResetError), socket.create_connection(proxy.address, timeout=20) as raw:
        raw.recv(1)
    assert proxy.problems() == [f"nobody answers at {tmp_path / 'nobody'}: No such file or directory"]


def test_what_is_said_to_a_service_that_has_left_is_no_use(cache):
    other = cache.connected()
    with socket.create_connection(cache.proxy.address, timeout=20) as raw:
        raw.sendall(b"CLIENT ID\r\n")
        other.client_kill_filter(_id=raw.recv(100).strip(b":\r\n").decode())
        assert raw.recv(1) == b""
        fault = cache.faults.reset()
        raw.sendall(b"PING\r\n")
        with cache.faults.latency(0):  # setting a fault waits for what was sent before
            assert fault.met == 0


def test_what_a_server_says_first_passes(cache):
    client = cache.connected()
    listener = cache.client().pubsub()
    listener.subscribe("news")
    assert listener.get_message(timeout=20)["type"] == "subscribe"
    client.publish("news", "ahoy")
    assert listener.get_message(timeout=20)["data"] == b"ahoy"
    listener.close()


def _until(condition):
    event = threading.Event()
    for _ in range(4000):
        if condition():
            return
        event.wait(0.005)
    raise AssertionError("it never came to it")
