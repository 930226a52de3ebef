"""Where a TCP service is, as settings say it."""

from __future__ import annotations

import pytest

from seatrial.errors import FakeError
from seatrial.tcp import Target, target_of

SECRET = "hoist-away"
ENVIRON = {
    "REDIS_URL": f"redis://user:{SECRET}@localhost:6380/0",
    "REMOTE_URL": f"redis://user:{SECRET}@cache.internal:6379",
    "EMPTY": " ",
    "STRANGE": f"{SECRET}",
}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("127.0.0.1:6379", "127.0.0.1:6379"),
        ("localhost:1", "localhost:1"),
        ("[::1]:6379", "[::1]:6379"),
        ("redis://localhost", "localhost:6379"),
        ("rediss://[::1]/2", "[::1]:6379"),
        ("amqp://guest:guest@127.0.0.1/vhost", "127.0.0.1:5672"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
        ("/run/redis.sock", "/run/redis.sock"),
        ("$REDIS_URL", "localhost:6380"),
        ("${REDIS_URL}", "localhost:6380"),
    ],
)
def test_targets(written, expected):
    assert str(target_of("cache", {"kind": "tcp", "target": written}, inherited=ENVIRON)) == expected


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "found no text under target"),
        ({"target": 6379}, "found no text under target"),
        ({"target": "127.0.0.1:1", "port": 1}, "found port"),
        ({"target": "$NOTHING"}, "NOTHING, which is not set"),
        ({"target": "$EMPTY"}, "EMPTY, which is not set"),
        ({"target": "$STRANGE"}, "STRANGE, the target of 'cache', is none of the forms"),
        ({"target": "127.0.0.1"}, "none of the forms"),
        ({"target": "127.0.0.1:0"}, "none of the forms"),
        ({"target": "127.0.0.1:65536"}, "none of the forms"),
        ({"target": "strange://127.0.0.1"}, "none of the forms"),
        ({"target": "redis://a:1,b:2"}, "none of the forms"),
        ({"target": "unix://"}, "none of the forms"),
    ],
)
def test_what_is_no_target(options, says):
    with pytest.raises(FakeError) as error:
        target_of("cache", options, inherited=ENVIRON)
    assert (error.value.code, says in str(error.value)) == ("faults.target", True), str(error.value)
    assert SECRET not in str(error.value)


def test_another_machine_is_refused_unless_it_is_allowed():
    options = {"target": "$REMOTE_URL"}
    with pytest.raises(
        FakeError, match=r"REMOTE_URL, the target of 'cache', leads to cache\.internal"
    ) as error:
        target_of("cache", options, inherited=ENVIRON)
    assert error.value.code == "faults.remote-target"
    assert SECRET not in str(error.value)
    allowed = target_of("cache", options, inherited=ENVIRON, allow_hosts=["cache.internal"])
    assert allowed == Target(host="cache.internal", port=6379)
