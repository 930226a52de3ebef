"""Our reading of an address against libpq's: where we read one at all, it must be the same."""

from __future__ import annotations

import random

import pytest
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from seatrial.postgres.choice.conninfo import read_conninfo
from seatrial.postgres.choice.refusal import Refusal
from seatrial.postgres.choice.uri import read_uri

PIECES = [
    *("localhost", "prod", "127.0.0.1", "[::1]", "[", "]", "%6c", "%2C", "%40", "%", "%00", "u", "p", "db"),
    *(
        ":",
        ":",
        "@",
        "@",
        "/",
        "/",
        "?",
        "&",
        "=",
        ",",
        "#",
        " ",
        "5432",
        "65536",
        "host",
        "hostaddr=127.0.0.1",
    ),
    *("?host=prod", "port=1", "?dbname=x", "é", "\\"),
]
WORDS = [
    *("host", "hostaddr", "dbname", "user", "password", "port", "=", " = ", "=", " ", " ", "'", "''", "\\'"),
    *("\\\\", "\\", "a b", "localhost", "prod", "/tmp", "1", "\n", ",", "'x y'", "host=a", "nonsense=1"),
]
KEYS = ("host", "hostaddr", "port", "dbname", "user", "password", "service", "sslmode", "options")


def differences(ours, text):
    """What we read and libpq does not, for a text that both accept."""
    theirs = conninfo_to_dict(text)
    both = {key: (str(ours.get(key) or ""), str(theirs.get(key) or "")) for key in KEYS}
    both["port"] = (both["port"][0].strip(","), both["port"][1].strip(","))  # a list of nothing says nothing
    return {key: pair for key, pair in both.items() if pair[0] != pair[1]}


def agree(read, texts):
    compared = 0
    for text in texts:
        try:
            ours = read(text).values
        except Refusal:
            continue
        try:
            found = differences(ours, text)
        except (ProgrammingError, UnicodeDecodeError):
            continue
        assert not found, text
        compared += 1
    return compared


def test_random_urls_are_read_as_libpq_reads_them():
    dice = random.Random(4)
    texts = ("postgresql://" + "".join(dice.choices(PIECES, k=dice.randint(0, 9))) for _ in range(30_000))
    assert agree(read_uri, texts) > 1000


def test_random_connection_strings_are_read_as_libpq_reads_them():
    dice = random.Random(4)
    texts = ("".join(dice.choices(WORDS, k=dice.randint(0, 9))) for _ in range(60_000))
    assert agree(read_conninfo, texts) > 1000


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("postgresql://", {}),
        ("postgresql:///db", {"dbname": "db"}),
        ("postgresql://u@/db", {"user": "u", "dbname": "db"}),
        (
            "postgresql://u:p%40%3A%2F@h:1/d%20b",
            {"user": "u", "password": "p@:/", "host": "h", "dbname": "d b"},
        ),
        ("postgresql://[::1]:5/db", {"host": "::1", "port": "5"}),
        ("postgresql://h1:1,h2:2/db", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://%2Ftmp/db", {"host": "/tmp"}),
        ("postgresql://h/db?host=/tmp&port=7", {"host": "/tmp", "port": "7"}),
        ("postgresql+psycopg2://h/db?user=a&password=b", {"user": "a", "password": "b"}),
    ],
)
def test_the_parts_of_a_url(url, values):
    assert read_uri(url).values | values == read_uri(url).values


def test_every_place_is_kept_also_an_overridden_one():
    given = read_uri("postgresql://a,b:2/db?host=c,d&hostaddr=1.2.3.4")
    assert given.places == ("a", "b", "c", "d", "1.2.3.4")
    assert read_conninfo("host=a host=b hostaddr=c").places == ("a", "b", "c")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@ss@h/db",
        "postgresql://u:pa#ss@h/db",
        "postgresql://u:pa/ss@h/db",
        "postgresql://u:pa?ss@h/db",
        "postgresql://u:pa ss@h/db",
        "postgresql://u:pa\\ss@h/db",
        "postgresql://u:pa%ss@h/db",
        "postgresql://u:pa%FFss@h/db",
        "postgresql://u:%00pass@h/db",
        "postgresql://u:pass@[h/db",
        "postgresql://u:pass@h:1:2/db",
        "postgresql://h/db?pass",
    ],
)
def test_an_address_with_two_readings_is_refused_without_showing_it(url):
    with pytest.raises(Refusal) as caught:
        read_uri(url)
    assert "ss" not in caught.value.found.replace("address", "").replace("backslash", "")
