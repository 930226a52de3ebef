"""What the process that runs tests on mutants and the one that decides about them say to each other.

One message is one line of JSON over a pair of sockets. The runner says `Ready` once, then answers every
`Order` with `Began` and `Tried` for each test that runs, and one `Done`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Ready:
    """The tests are collected, the server runs.

    Attributes:
        tests: the ids of all collected tests.
        catalog: the schema of the template, as `Catalog.to_json` writes it.
    """

    kind: ClassVar[str] = "ready"
    tests: list[str]
    catalog: str


@dataclass(frozen=True)
class Order:
    """Put a changed copy of the template in place, and run tests on it.

    Attributes:
        statements: what to change, in one transaction; none for an unchanged copy.
        groups: tests by group; what is left of a group is not run after the first that fails.
        all: whether all tests run, even after failures.
    """

    kind: ClassVar[str] = "order"
    statements: list[str]
    groups: list[list[str]]
    all: bool = False


@dataclass(frozen=True)
class Began:
    """A test begins.

    Attributes:
        test: its id.
    """

    kind: ClassVar[str] = "began"
    test: str


@dataclass(frozen=True)
class Tried:
    """A test has run.

    Attributes:
        test: its id.
        failed: the phase in which it failed, or nothing.
        why: the first line of what failed.
    """

    kind: ClassVar[str] = "tried"
    test: str
    failed: str = ""
    why: str = ""


@dataclass(frozen=True)
class Done:
    """An order is over.

    Attributes:
        unbuildable: why the copy could not be changed; nothing has run then.
        broken: what went wrong with the order itself; nothing can be concluded then.
    """

    kind: ClassVar[str] = "done"
    unbuildable: str = ""
    broken: str = ""


Message: TypeAlias = Ready | Order | Began | Tried | Done
_KINDS: dict[str, Any] = {message.kind: message for message in (Ready, Order, Began, Tried, Done)}


def send(stream: IO[str], message: Message) -> None:
    """Send a message at once."""
    stream.write(json.dumps({"kind": message.kind, **asdict(message)}) + "\n")
    stream.flush()


def received(stream: IO[str]) -> Iterator[Message]:
    """The messages of the other side, until it is gone."""
    for line in stream:
        values = json.loads(line)
        yield _KINDS[values.pop("kind")](**values)
