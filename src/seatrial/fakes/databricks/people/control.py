"""What tests hold of a person: their token, more tokens, and none any more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.workspace import Workspace


class PersonControl:
    """One person in a test: `fakes.databricks.users["user-a"]`. Safe to use from any thread.

    Args:
        name: what grants name them by.
        space: where they are.
    """

    def __init__(self, name: str, space: Workspace) -> None:
        self.name = name
        self._space = space

    @property
    def person(self) -> Person:
        """What the workspace knows of them."""
        with self._space.lock:
            return self._space.state.people[self.name]

    @property
    def token(self) -> str:
        """Their newest token that is valid.

        Raises:
            FakeError: they have none.
        """
        with self._space.lock:
            found = self._space.state.tokens.latest(self.name)
        if found is None:
            raise FakeError(
                f"{self.name} has no valid token.",
                code="fakes.databricks-token",
                remedy="Make one with issue_token().",
            )
        return found

    def issue_token(self, *, expires_in: float | None = None, text: str | None = None) -> str:
        """Make another token; those before it stay valid.

        Args:
            expires_in: seconds from now, below zero for one that has expired; None: it does not expire.
            text: the token itself; a random one without it.

        Raises:
            FakeError: no header can hold the text.
        """
        if text is not None and not (text and text.isascii() and text.isprintable() and " " not in text):
            raise FakeError(
                "A token expects ASCII without spaces and line breaks: no header could hold another.",
                code="fakes.databricks-token",
                remedy="Leave the text out for a random one.",
            )
        with self._space.lock:
            return self._space.state.tokens.issue(self.name, expires_in=expires_in, text=text)

    def revoke_token(self) -> None:
        """Make all their tokens worthless, from the next request on."""
        with self._space.lock:
            self._space.state.tokens.revoke_all(self.name)

    def deactivate(self) -> None:
        """Let them not sign in any more."""
        with self._space.lock:
            people = self._space.state.people
            people[self.name] = replace(people[self.name], active=False)

    def __repr__(self) -> str:
        return f"<{self.person.kind.replace('_', ' ')} {self.name}>"
