"""The rules in words, and the exception by which one of them refuses a target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A numbered rule, as messages print it."""

    number: int
    name: str
    words: str


ENGINE = Rule(1, "engine", "the target is one PostgreSQL address that every driver reads the same way")
HOST = Rule(2, "host", "every place the target could lead to is this machine")
HOLDER = Rule(3, "holder", "a PostgreSQL server, a pooler or a container's port forwarder listens there")
PROBE = Rule(
    4, "probe", "we may create databases of our own there, or the named one is ours: empty or marked"
)

ERASE_FLAG = "--this-database-may-be-erased"


class Refusal(Exception):  # noqa: N818 -- a verdict, which the chooser turns into an error or a header line
    """A rule said no.

    Args:
        rule: the rule that refused.
        found: what was found instead, without any secret.
        markable: whether `seatrial db mark` can lift the refusal.
        erases: whether marking also needs the flag that allows erasing the database.
        remedy: what to do instead, where marking is not the answer.
    """

    def __init__(
        self, rule: Rule, found: str, *, markable: bool = False, erases: bool = False, remedy: str = ""
    ) -> None:
        super().__init__(found)
        self.rule = rule
        self.found = found
        self.markable = markable
        self.erases = erases
        self.remedy = remedy
        self.command: str | None = None
        """The command that lifts it; the chooser, who knows the source, fills it in."""
