"""Tokens: made, found, revoked; several of one person are valid at once."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import Literal

TokenKind = Literal["pat", "oauth", "database"]
HOUR_S = 3600.0
_PREFIXES = {"pat": "dapi", "oauth": "eyJ-seatrial-", "database": "eyJ-seatrial-database-"}


@dataclass(frozen=True, kw_only=True)
class Token:
    """One token. Its text never appears in a message."""

    person: str
    """The name of whoever it is for."""
    kind: TokenKind
    id: str
    created: float
    """Seconds since the epoch."""
    expires: float | None = None
    """Seconds since the epoch; None: never."""
    comment: str = ""
    revoked: bool = False
    instances: tuple[str, ...] = ()
    """The database instances that a token of the kind `database` opens."""

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= time.time()


class Tokens:
    """The tokens of a workspace by their texts. Whoever uses it holds the lock of the workspace."""

    def __init__(self) -> None:
        self._by_text: dict[str, Token] = {}

    def issue(
        self,
        person: str,
        *,
        kind: TokenKind = "pat",
        expires_in: float | None = None,
        comment: str = "",
        instances: tuple[str, ...] = (),
        text: str | None = None,
    ) -> str:
        """Make a token and return its text.

        Args:
            person: the name of whoever it is for.
            kind: what it opens.
            expires_in: seconds from now, below zero for one that has expired; None: it does not expire.
            comment: what its owner noted.
            instances: the database instances that it opens.
            text: the text; a random one without it.
        """
        now = time.time()
        made = text if text is not None else _PREFIXES[kind] + secrets.token_hex(16)
        self._by_text[made] = Token(
            person=person,
            kind=kind,
            id=secrets.token_hex(32),
            created=now,
            expires=None if expires_in is None else now + expires_in,
            comment=comment,
            instances=instances,
        )
        return made

    def find(self, text: str) -> Token | None:
        """The token with this text, whether it is still valid or not."""
        return self._by_text.get(text)

    def latest(self, person: str) -> str | None:
        """The text of the newest token of a person that opens the workspace and is valid."""
        texts = [
            text
            for text, token in self._by_text.items()
            if token.person == person and token.kind != "database" and not (token.revoked or token.expired)
        ]
        return texts[-1] if texts else None

    def of(self, person: str) -> list[Token]:
        """The personal access tokens of a person that are not revoked, oldest first."""
        return [
            token
            for token in self._by_text.values()
            if token.person == person and token.kind == "pat" and not token.revoked
        ]

    def revoke(self, text: str) -> None:
        """Make a token worthless."""
        self._by_text[text] = replace(self._by_text[text], revoked=True)

    def revoke_id(self, person: str, identifier: str) -> bool:
        """Make a token of a person worthless; False if they have none with this id."""
        for text, token in self._by_text.items():
            if (token.person, token.id) == (person, identifier) and not token.revoked:
                self.revoke(text)
                return True
        return False

    def revoke_all(self, person: str) -> None:
        """Make every token of a person worthless."""
        for text, token in list(self._by_text.items()):
            if token.person == person:
                self.revoke(text)

    def keep(self, others: Tokens) -> None:
        """Take over what clients may have in memory, tokens of OAuth and of databases, as good as new."""
        for text, token in others._by_text.items():
            if token.kind != "pat" and not token.expired:
                self._by_text[text] = replace(token, revoked=False)

    def copy(self) -> Tokens:
        """The same tokens, to be changed on their own."""
        copied = Tokens()
        copied._by_text = dict(self._by_text)
        return copied

    def __repr__(self) -> str:
        return f"<{len(self._by_text)} tokens>"
