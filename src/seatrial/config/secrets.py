"""Take passwords, tokens and keys out of text before anybody sees it."""

from __future__ import annotations

import re

from seatrial.config.urls import split_url

MASK = "***"
_WEB_SCHEMES = ("http", "https", "ws", "wss")

_WORDS = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials?|signature"
    r"|(?:api|access|private|secret|account|shared|master|service)[_-]?key)"
)
# A quote that is never closed hides everything behind it, and keeps the search linear.
_QUOTED = r"""'(?:[^'\\]|\\[\s\S]?|'')*(?:'|\Z)|"(?:[^"\\]|\\[\s\S]?|"")*(?:"|\Z)"""
# Punctuation belongs to the secret unless the text around it clearly goes on behind it.
_BARE = r"""(?:[^\s,;&)\]}"']|[,)\]}"'](?=[^\s,;&)\]}"'])|[;&](?!\s|\Z|[\w.-]*=))+"""

_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*")
_AUTHORIZATION = re.compile(
    r"""((?:proxy-)?authorization["']?\s*[:=,]\s*["']?(?:[a-z]+\s+)?)[^\s"',;)]+""", re.IGNORECASE
)
# Prose such as "Bearer authentication is required" stays: a token has a digit, a mark or great length.
_BEARER = re.compile(
    r"\b(bearer|basic)(\s+)(?=[\w.~+/=-]*[\d._~+/=-]|\w{24})[\w.~+/=-]+", re.IGNORECASE | re.ASCII
)
_SQL_PASSWORD = re.compile(r"\b(password\s+)" + f"({_QUOTED})", re.IGNORECASE)
_WEB_URL = re.compile(
    r"\b((?:https?|wss?|git)(?:\+\w+)?://)[^\s/?#\"'<>@]+(?:@[^\s/?#\"'<>@]*)*@", re.IGNORECASE
)
_URL_PASSWORD = re.compile(
    r"\b((?!https?:|wss?:)[a-z][a-z0-9+.-]{0,40}://[^\s:/@?#\"'<>]*:)(?:(?!://)[^\s\"<>])*@", re.IGNORECASE
)
_ASSIGNED = re.compile(
    rf"""({_WORDS}["']?\s*(?:=>?|(?<=["'])\s*:|(?<=word)\s*:)\s*)({_QUOTED}|{_BARE})""",
    re.IGNORECASE,
)
# Parts that every text has in which the patterns above find something: to look for them takes a hundredth of
# the time. None has an i, which has more forms in capitals than casefold() knows.
_HINTS = (
    "pass",
    "pwd",
    "secret",
    "token",
    "credent",
    "gnature",
    "key",
    "author",
    "bearer",
    "bas",
    "eyj",
    "-----beg",
)
_SECRET_KEY = re.compile(rf"{_WORDS}|^(?:key|sig|auth|sslkey|pass)$", re.IGNORECASE)


def redact(text: str) -> str:
    """Return `text` with every password, token and private key that can be recognised replaced by `***`.

    Recognised are passwords in URLs, `password=...` and its relatives in connection strings, queries,
    JSON and SQL, `Authorization` values, JSON web tokens and private keys in PEM. When in doubt, more
    is taken out rather than less.
    """
    folded = text.casefold()
    if not any(hint in folded for hint in _HINTS) and not ("://" in folded and "@" in folded):
        return text
    text = _PEM.sub(MASK, text)
    text = _WEB_URL.sub(rf"\1{MASK}@", text)
    text = _URL_PASSWORD.sub(rf"\1{MASK}@", text)
    text = _AUTHORIZATION.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _JWT.sub(MASK, text)
    text = _SQL_PASSWORD.sub(rf"\1{MASK}", text)
    return _ASSIGNED.sub(rf"\1{MASK}", text)


def safe_url(url: str) -> str:
    """Return a URL fit for a message: user, host and database stay; password and secrets do not.

    What is no URL (a connection string, say) is redacted as text.
    """
    parts = split_url(url)
    base = parts.scheme.partition("+")[0] if parts is not None else ""
    # An at-sign further back may be the true end of a password that nobody encoded.
    if parts is None or (base not in _WEB_SCHEMES and "@" in parts.path + parts.query + parts.fragment):
        return redact(url)
    scheme = url.strip().partition("://")[0]
    credentials = "" if parts.user is None else f"{parts.user}@"
    if parts.password is not None:
        credentials = f"{parts.user}:{MASK}@"
    elif parts.user and base in (*_WEB_SCHEMES, "git"):
        # A user without a password is, on the web, a token.
        credentials = f"{MASK}@"
    query = "&".join(_safe_parameter(item) for item in parts.query.split("&"))
    ending = (f"?{query}" if query else "") + (f"#{MASK}" if parts.fragment else "")
    return f"{scheme}://{credentials}{parts.location}{_safe_path(parts.path)}{ending}"


def _safe_parameter(item: str) -> str:
    key, equals, _ = item.partition("=")
    return f"{key}={MASK}" if equals and _SECRET_KEY.search(key) else redact(item)


def _safe_path(path: str) -> str:
    # jdbc:sqlserver://host;databaseName=x;password=y keeps its parameters in what looks like a path.
    return ";".join(_safe_parameter(item) for item in path.split(";")) if ";" in path else path
