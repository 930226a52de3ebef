"""A libpq connection string (`host=localhost dbname=app`), read as libpq reads it."""

from __future__ import annotations

import re

from seatrial.postgres.choice.uri import Given, refuse

LOOKS_LIKE_ONE = re.compile(r"\s*[a-z_]+\s*=")
_PAIR = re.compile(
    r"\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)*)(?=\s|$))", re.DOTALL
)
_KEYWORDS = """
    host hostaddr port dbname user password passfile service servicefile options application_name
    fallback_application_name connect_timeout client_encoding keepalives keepalives_idle keepalives_interval
    keepalives_count tcp_user_timeout replication gssencmode krbsrvname gsslib gssdelegation sslmode
    sslnegotiation sslcompression sslcert sslkey sslpassword sslcertmode sslrootcert sslcrl sslcrldir sslsni
    requirepeer require_auth channel_binding min_protocol_version max_protocol_version
    ssl_min_protocol_version ssl_max_protocol_version target_session_attrs load_balance_hosts
""".split()  # noqa: SIM905 -- a list with one word to a line is harder to read


def read_conninfo(text: str) -> Given:
    """Read `key=value` pairs; a value with spaces stands in single quotes, a backslash escapes.

    Raises:
        Refusal: the text is no connection string, or has a keyword libpq does not know.
    """
    values: dict[str, str] = {}
    places: list[str] = []
    position = 0
    while text[position:].strip():
        pair = _PAIR.match(text, position)
        if pair is None:
            raise refuse("a connection string that libpq cannot read")
        key = pair[1]
        if key not in _KEYWORDS:
            raise refuse("a connection string with a keyword that libpq does not know")
        value = re.sub(r"\\(.)", r"\1", pair[2] if pair[2] is not None else pair[3], flags=re.DOTALL)
        if key in {"host", "hostaddr"}:
            places += [part for part in value.split(",") if part]
        values[key] = value
        position = pair.end()
    return Given(values, tuple(places))
