"""Who is not let in, and what such a client is told."""

from __future__ import annotations

import contextlib
import logging
import ssl
import struct

import psycopg
import pytest

from seatrial.fakes.databricks.lakebase import Verdict
from tests.integration.lakebase.conftest import ADA, APP, DATABASE, plain, trusting, upstream_of

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
DENIED = f'password authentication failed for user "{ADA}"'


def test_tokens_that_are_no_good(endpoint, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint.token(APP, "dapi-of-the-app")
    for token in ("dapi-never-issued", "", "dapi-first\nsecond line", "dapi-of-the-app"):
        assert endpoint.refusal(password=token)[0] == "28P01"
    token = endpoint.token()
    for verdict in (Verdict.EXPIRED, Verdict.REVOKED, Verdict.ACCEPTED):
        endpoint.tokens.spoilt[token] = verdict
        if verdict is not Verdict.ACCEPTED:
            state, message = endpoint.refusal(password=token)
            assert (state, DENIED in message) == ("28P01", True)
    endpoint.psycopg(password=token).close()
    expected = [Verdict.WRONG] * 3 + [Verdict.FOREIGN, Verdict.EXPIRED, Verdict.REVOKED, Verdict.ACCEPTED]
    # libpq asks nobody where there is no password: it leaves when it is asked for one.
    expected.remove(Verdict.WRONG)
    assert [login.verdict for login in endpoint.logins] == expected
    assert "dapi" not in caplog.text + repr(endpoint.logins)


def test_two_tokens_at_once_and_sessions_that_outlive_them(endpoint):
    first, second = endpoint.token(token="dapi-1"), endpoint.token(token="dapi-2")
    with endpoint.psycopg(password=first) as one, endpoint.psycopg(password=second) as two:
        endpoint.tokens.spoilt[first] = Verdict.EXPIRED
        assert endpoint.refusal(password=first)[0] == "28P01"
        endpoint.psycopg(password=second).close()
        assert [c.execute("select 1").fetchone() for c in (one, two)] == [(1,), (1,)]


def test_no_tls(endpoint):
    state, message = endpoint.refusal(sslmode="disable")
    assert (state, "requires" in message, "sslmode=require" in message) == ("28000", True, True)
    assert endpoint.logins[-1].verdict is None


def test_databases_and_roles_that_are_not_there(endpoint):
    state, message = endpoint.refusal(dbname="postgres")
    assert (state, 'database "postgres" does not exist' in message) == ("3D000", True)
    assert endpoint.refusal(dbname=ADA)[0] == "3D000"
    for role, message in {
        "nobody@example.com": 'role "nobody@example.com" does not exist',
        "barred": 'role "barred" is not permitted to log in',
    }.items():
        with pytest.raises(psycopg.OperationalError, match=message):
            endpoint.psycopg(user=role)
        assert endpoint.logins[-1].sqlstate == ""  # the gate let it in, and the database did not


def _answer(endpoint, sent: bytes, *, tls: bool = False, alpn: str | None = None) -> bytes:
    """All that the gate says, until it closes the connection."""
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(plain(endpoint))
        said = b""
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            if tls and not alpn:
                line.sendall(SSL_REQUEST)
                if line.recv(1) != b"S":
                    return b""
            if tls:
                context = trusting(endpoint)
                context.set_alpn_protocols([alpn] if alpn else [])
                line = stack.enter_context(context.wrap_socket(line, server_hostname="localhost"))
            line.sendall(sent)
            while more := line.recv(4096):
                said += more
        return said


def startup(*, version: int = 3 << 16, **parameters: str) -> bytes:
    words = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!ii", len(words) + 8, version) + words


NO_TEXT = struct.pack("!ii", 19, 3 << 16) + b"user\0caf\xe9\0\0"
TEN_MEGABYTES = struct.pack("!ii", 10 << 20, 3 << 16) + b"x" * 100_000
GOODBYE = b"X\0\0\0\x04"
ASKED = b"R\0\0\0\x08\0\0\0\x03"


@pytest.mark.parametrize(
    ("sent", "tls", "said"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", False, b"", id="another protocol"),
        pytest.param(b"\x00" * 64, False, b"", id="zeros"),
        pytest.param(TEN_MEGABYTES, False, b"", id="ten megabytes"),
        pytest.param(TEN_MEGABYTES, True, b"", id="ten megabytes in TLS"),
        pytest.param(SSL_REQUEST + startup(user="mallory"), False, b"S", id="stuffed in before TLS"),
        pytest.param(b"\x16\x03\x01\x00\x05hello", False, None, id="no handshake"),
        pytest.param(startup(user=ADA, version=2 << 16), True, b"C0A000\0", id="version 2"),
        pytest.param(SSL_REQUEST, True, b"C0A000\0", id="TLS in TLS"),
        pytest.param(startup(database=DATABASE), True, b"C28000\0", id="no user"),
        pytest.param(struct.pack("!ii", 12, 3 << 16) + b"user", True, b"C08P01\0", id="no end"),
        pytest.param(startup(user=ADA) + b"Q\0\0\0\x05x", True, b"C08P01\0", id="no password"),
        pytest.param(startup(user=ADA) + b"p\x7f\xff\xff\xff", True, b"C08P01\0", id="two gigabytes"),
        pytest.param(startup(user=ADA) + b"p\0\0\0\x07a\0\0", True, b"C08P01\0", id="NUL in the password"),
        pytest.param(NO_TEXT + b"p\0\0\0\x06a\0", True, b"C28P01\0", id="a name that is no text"),
    ],
)
def test_what_no_client_should_say(endpoint, sent, tls, said):
    answer = _answer(endpoint, sent, tls=tls)
    if said:
        assert said in answer
    elif said is not None:
        assert answer == b""
    endpoint.psycopg().close()
    assert endpoint.gate.problems() == []


def test_tls_at_once_is_for_those_who_say_what_they_speak(endpoint):
    assert ASKED in _answer(endpoint, startup(user=ADA) + GOODBYE, tls=True, alpn="postgresql")
    assert _answer(endpoint, startup(user=ADA) + GOODBYE, tls=True, alpn="http/1.1") == b""


def test_encryption_of_another_kind_is_declined(endpoint):
    with plain(endpoint) as raw:
        raw.sendall(struct.pack("!ii", 8, 80877104))
        assert raw.recv(10) == b"N"
        raw.sendall(SSL_REQUEST)
        assert raw.recv(10) == b"S"


def test_a_client_that_says_nothing_more(server, opened):
    endpoint = opened(upstream_of(server), authentication_timeout=0.1)
    assert _answer(endpoint, b"") == b""
    assert _answer(endpoint, SSL_REQUEST) in (b"", b"S")
    assert _answer(endpoint, b"", tls=True) == b""
    said = b""
    for patience in (0.2, 2, 20):  # as long as it takes this machine to say so much
        if not said:
            endpoint = opened(upstream_of(server), authentication_timeout=patience)
            said = _answer(endpoint, startup(user=ADA), tls=True)
    assert said.startswith(ASKED)
    assert b"C57014\0" in said


def test_a_client_that_waits_when_the_gate_closes(endpoint):
    with plain(endpoint), plain(endpoint) as greeting, plain(endpoint) as asked:
        greeting.sendall(SSL_REQUEST)
        assert greeting.recv(1) == b"S"
        asked.sendall(SSL_REQUEST)
        assert asked.recv(1) == b"S"
        with trusting(endpoint).wrap_socket(asked, server_hostname="localhost") as speaking:
            speaking.sendall(startup(user=ADA))
            assert speaking.recv(100) == ASKED
            endpoint.gate.stop()
            with contextlib.suppress(ConnectionError):
                assert speaking.recv(100) == b""
