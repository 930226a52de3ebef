from __future__ import annotations

import jwt
import pytest

from seatrial.config import redact, safe_url
from seatrial.identities import Keys

SAFE_URLS = [
    ("postgresql://app:hunter2@db:5432/x", "postgresql://app:***@db:5432/x"),
    ("postgresql+asyncpg://app:hunter2@db/x?ssl=1", "postgresql+asyncpg://app:***@db/x?ssl=1"),
    ("postgresql://app@db/x", "postgresql://app@db/x"),
    ("postgresql:///x?host=/tmp", "postgresql:///x?host=/tmp"),
    ("postgresql://a:1,[::1]:2/x", "postgresql://a:1,[::1]:2/x"),
    ("postgresql://db/x?user=u&password=hunter2", "postgresql://db/x?user=u&password=***"),
    ("postgresql://db/x?sslpassword=hunter2&a=b", "postgresql://db/x?sslpassword=***&a=b"),
    ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
    ("postgresql://app:hun/ter2@db/x", "postgresql://app:***@db/x"),
    ("postgresql://app:hunt@er2@db/x", "postgresql://app:***@db/x"),
    ("postgresql://app:h@hunter2/r@db/x", "postgresql://app:***@db/x"),
    ("postgresql://app:12?hunter2@db/x", "postgresql://app:***@db/x"),
    ("https://ghp_hunter2@github.com/a/b", "https://***@github.com/a/b"),
    ("https://u:hunter2@h/p?token=hunter2&page=2#hunter2", "https://u:***@h/p?token=***&page=2#***"),
    ("https://h/p?sig=hunter2&api_key=hunter2&key=hunter2", "https://h/p?sig=***&api_key=***&key=***"),
    ("http://127.0.0.1:8000/users/a@b.com", "http://127.0.0.1:8000/users/a@b.com"),
    ("jdbc:sqlserver://db:1;user=u;password=hunter2", "jdbc:sqlserver://db:1;user=u;password=***"),
    ("host=db user=u password=hunter2", "host=db user=u password=***"),
    ("not a url", "not a url"),
]


@pytest.mark.parametrize(("url", "shown"), SAFE_URLS, ids=[url for url, _ in SAFE_URLS])
def test_a_safe_url_shows_where_and_who_but_never_how(url: str, shown: str) -> None:
    assert safe_url(url) == shown


REDACTED = [
    ("failed: postgresql://app:hunter2@db/x (retry)", "failed: postgresql://app:***@db/x (retry)"),
    ("a redis://:hunter2@c/0, b amqp://u:hunter2@q//", "a redis://:***@c/0, b amqp://u:***@q//"),
    ("postgres://a/x,redis://u:hunter2@c", "postgres://a/x,redis://u:***@c"),
    ("postgresql://app:hun/ter@2@db/x", "postgresql://app:***@db/x"),
    ("see https://u:hunter2@h/x?access_token=hunter2", "see https://***@h/x?access_token=***"),
    ("host=db password=hunter2 user=u", "host=db password=*** user=u"),
    (r"password='hun\'ter 2' host=db", "password=*** host=db"),
    ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
    ("JWT_SECRET=hunter2", "JWT_SECRET=***"),
    ("aws_secret_access_key = hunter2", "aws_secret_access_key = ***"),
    ("password: hunter2", "password: ***"),
    ("{'password': 'hunter2', 'port': 5432}", "{'password': ***, 'port': 5432}"),
    ('{"api_key":"hunter2","a":1}', '{"api_key":***,"a":1}'),
    ("Server=x;Pwd=hunter2;Database=y", "Server=x;Pwd=***;Database=y"),
    ("password=it's user=u", "password=*** user=u"),
    ("password=hun,ter2&x;y user=u", "password=*** user=u"),
    ("(password=hunter2, port=1)", "(password=***, port=1)"),
    ("{'dsn': 'password=hunter2', 'port': 1}", "{'dsn': 'password=***', 'port': 1}"),
    ("password='never closed hunter2", "password=***"),
    ("password='hunter2\\", "password=***"),
    ("ALTER ROLE app PASSWORD 'hun''ter2' LOGIN", "ALTER ROLE app PASSWORD *** LOGIN"),
    ("Authorization: Bearer hunter", "Authorization: Bearer ***"),
    ("'authorization': 'Basic aHVudGVyMg=='", "'authorization': 'Basic ***'"),
    ("sent Bearer hunter2 to it", "sent Bearer *** to it"),
]


@pytest.mark.parametrize(("text", "shown"), REDACTED, ids=[text for text, _ in REDACTED])
def test_secrets_are_taken_out_of_text(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        'FATAL: password authentication failed for user "app"',
        "Bearer authentication is required",
        "http://127.0.0.1:8000/users/a@b.com",
        "postgresql://app@db:5432/x",
        "the token is missing; max_tokens=5",
        "port=5432 host=db user=app",
        "line 1, column 2: expected a table",
    ],
)
def test_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_tokens_and_private_keys_are_taken_out_wherever_they_stand() -> None:
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives import serialization

    token = jwt.encode({"sub": "a"}, Keys.generate().secret, algorithm="HS256")
    assert redact(f"got <{token}> twice {token}") == "got <***> twice ***"
    pem = (
        Keys.generate("RS256")
        .signing.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )
    assert redact(f"before\n{pem}after") == "before\n***\nafter"
    assert redact(f"cut {pem[:200]}") == "cut ***"


def test_redacting_twice_changes_nothing() -> None:
    for text, shown in REDACTED:
        assert redact(shown) == shown, text


HOSTILE = ["a://", "://a:", "a-", "a:b@", "eyJ-", "password", "'password': '\\", "password=a,", "bearer "]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_hostile_text_is_read_in_linear_time(piece: str) -> None:
    # Quadratic work on this length would take minutes.
    assert len(redact(piece * 50_000)) <= len(piece) * 50_000 + len("***")
