"""One attempt to run a PostgreSQL program in a run folder of its own, under one identity."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self, TypeVar

from seatrial.errors import ServerError
from seatrial.postgres.server.identity import Host, Identity, Refusals, candidates, program_environment
from seatrial.postgres.server.reach import give_to, reachable_binaries
from seatrial.postgres.server.runs import create_run, has_room, run_roots
from seatrial.postgres.server.supervision import IdentityRefused, Supervised

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from seatrial.postgres.server.binaries import Binaries

Result = TypeVar("Result")
LAST_LINES = 20

refusals = Refusals()
"""What this machine refused to this process so far."""


def attempt(action: Callable[[Identity], Result], *, initdb: bool = False) -> Result:
    """Do `action` under the first identity that the machine allows.

    Args:
        action: is called again with the next identity when it raises `IdentityRefused`.
        initdb: leave out identities under which `initdb` cannot run.

    Raises:
        ServerError: no identity is left; the reasons are listed.
    """
    host = Host.current()
    for identity in refusals.left(candidates(host)):
        if initdb and not identity.can_initdb:
            continue
        try:
            return action(identity)
        except IdentityRefused as refusal:
            refusals.note(identity, str(refusal))
    reasons = "; ".join(f"{kind}: {reason}" for kind, reason in refusals.reasons.items())
    if host.uid == 0:
        remedy = "Allow user namespaces or setuid in this container, or test as a user with an account."
    else:
        remedy = (
            f"Allow user namespaces, install libnss-wrapper, give user {host.uid} an account, or keep "
            "SEATRIAL_CACHE where this user prepared data before; an external server works as well."
        )
    account = "with" if host.known else "without"
    raise ServerError(
        f"User {host.uid}, {account} an account, cannot run PostgreSQL's programs here"
        + (f" ({reasons})." if reasons else "."),
        code="server.identity",
        remedy=remedy,
    )


def roots_with_room(identity: Identity, source_bytes: int) -> list[Path]:
    """Where a server on a copy of `source_bytes` may live, the fastest place first.

    Raises:
        ServerError: no place is large enough.
    """
    roots = run_roots(outside=identity.kind == "setuid")
    roomy = [root for root in roots if has_room(root, source_bytes)]
    if not roomy:
        raise no_space(roots)
    return roomy


def no_space(roots: list[Path]) -> ServerError:
    """The error for a machine without room."""
    return ServerError(
        f"There is not enough space for a PostgreSQL server in {', '.join(str(root) for root in roots)}.",
        code="server.no-space",
        remedy="Free some space, or set SEATRIAL_CACHE or TMPDIR to a folder on a larger disk.",
    )


class Launch:
    """A run folder and its supervisor. Closing it ends the program and deletes the folder."""

    def __init__(self, *, binaries: Binaries, identity: Identity, root: Path, label: str) -> None:
        self.identity = identity
        self.run = create_run(root, label, outside=identity.kind == "setuid")
        try:
            self.supervised = Supervised(
                remove=[self.run.path],
                errors=self.run.path / "supervisor.log",
                lease=self.run.lease,
                data_dir=self.run.data,
            )
        except BaseException:
            self.run.remove()
            raise
        try:
            self.binaries = reachable_binaries(binaries) if identity.kind == "setuid" else binaries
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def spawn(self, program: str, *arguments: str | Path) -> int:
        """Start one of PostgreSQL's programs under the identity and return its process id.

        Raises:
            IdentityRefused: this identity is not to be had here.
        """
        self.supervised.wait_until_holding()
        self.run.close_lease()
        environment = program_environment() | self.identity.environment(self.run.path)
        if self.identity.kind == "setuid":
            give_to(self.identity.uid, self.identity.gid, self.run.path)
        return self.supervised.run(
            [self.binaries.bin / program, *arguments],
            identity=self.identity,
            environment=environment,
            log=self.run.log,
        )

    def log_tail(self) -> str:
        """The last lines that the program printed."""
        try:
            lines = self.run.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-LAST_LINES:])

    def close(self) -> None:
        """End and delete everything. Does nothing the second time."""
        self.run.close_lease()
        self.supervised.finish()
        if self.supervised.ours and self.run.path.exists():
            # The supervisor was killed, or could not delete all of it.
            self.run.remove()

    def also_remove(self, folder: Path) -> None:
        """Delete `folder` too when the run ends."""
        if self.identity.kind == "setuid":
            give_to(self.identity.uid, self.identity.gid, folder)
        self.supervised.wait_until_holding()
        self.supervised.also_remove(folder)


def take_back(path: Path) -> None:
    """Make `path` the caller's own again after another account used it."""
    give_to(os.getuid(), os.getgid(), path)
