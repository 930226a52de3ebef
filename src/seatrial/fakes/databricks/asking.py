"""One request to the workspace with everything that a route needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.people.tokens import Token
    from seatrial.fakes.databricks.workspace import State
    from seatrial.fakes.request import Request


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What is asked, and by whom.

    Attributes:
        fake: the workspace.
        request: the request.
        params: what stands in the path, by name.
        caller: whose token came with it.
        token: that token.
        body: the decoded body; empty unless it is a JSON object.
    """

    fake: DatabricksFake
    request: Request
    caller: Person
    token: Token
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The state of the workspace; the lock is held as long as a route that does not wait runs."""
        return self.fake.space.state

    def unserved(self, what: str) -> Unserved:
        """For a feature of a route that this fake does not have."""
        return Unserved(f"{self.request.method} {self.request.path} {what}")
