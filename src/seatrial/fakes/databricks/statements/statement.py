"""One statement from its submission to its result."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import asyncio

    from seatrial.fakes.databricks.statements.failures import StatementFailure
    from seatrial.fakes.databricks.statements.results import Chunks
    from seatrial.fakes.databricks.statements.submission import Submission

State = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "CLOSED"]
OVER = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "CLOSED"})


@dataclass(kw_only=True)
class Statement:
    """A statement. Only the loop of the fakes changes it.

    Attributes:
        owner: the name of whoever submitted it.
        submission: what was asked for.
        lacking: what of it the fake cannot do.
        polls: how often it still says that it is running, once it is over.
        work: what runs it.
    """

    owner: str
    submission: Submission
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: State = "PENDING"
    chunks: Chunks | None = None
    failure: StatementFailure | None = None
    lacking: str | None = None
    polls: int = 0
    work: asyncio.Task[None] | None = None

    @property
    def seen(self) -> State:
        """The state that a client is told."""
        return "RUNNING" if self.polls and self.state != "CANCELED" else self.state

    def cancel(self) -> None:
        """End it, if it is not over."""
        if self.seen in OVER:
            return
        self.state, self.polls = "CANCELED", 0

    def status(self) -> dict[str, Any]:
        """What the API says about how it stands."""
        if self.seen == "FAILED" and self.failure is not None:
            return self.failure.status()
        return {"state": self.seen}
