"""Which user the server process is: PostgreSQL refuses root, and `initdb` users without an account."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

NOBODY = "nobody"
OVERFLOW_ID = 65534
WRAPPER = "libnss_wrapper.so"
LIBRARY_FOLDERS = ("/usr/lib64", "/usr/lib", "/usr/local/lib", *map(str, Path("/usr/lib").glob("*-linux-*")))


@dataclass(frozen=True, kw_only=True)
class Account:
    """A numeric user and group that the system's user database knows."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Host:
    """What decides about the identity."""

    platform: str
    uid: int
    gid: int
    known: bool
    """Whether `uid` has an account."""
    nobody: Account | None
    """The unprivileged account that every system has, as a rule."""
    wrapper: Path | None
    """The library that can pretend an account."""

    @classmethod
    def current(cls) -> Host:
        """Look at this process and machine."""
        uid = os.geteuid()
        return cls(
            platform=sys.platform,
            uid=uid,
            gid=os.getegid(),
            known=_account(uid) is not None,
            nobody=_account(NOBODY) or _account(OVERFLOW_ID),
            wrapper=next((path for path in _wrappers() if path.is_file()), None),
        )


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One way to run PostgreSQL's programs."""

    kind: Literal["direct", "namespace", "setuid", "wrapper"]
    uid: int
    gid: int
    wrapper: Path | None = None
    can_initdb: bool = True

    def order(self) -> dict[str, Any]:
        """The form the supervisor understands."""
        return {"kind": self.kind, "uid": self.uid, "gid": self.gid}

    def environment(self, folder: Path) -> dict[str, str]:
        """Variables the process needs; files they name are written to `folder`."""
        if self.wrapper is None:
            return {}
        passwd, group = folder / "passwd", folder / "group"
        passwd.write_text(f"seatrial:x:{self.uid}:{self.gid}:seatrial:/:/bin/false\n", encoding="ascii")
        group.write_text(f"seatrial:x:{self.gid}:\n", encoding="ascii")
        return {
            "LD_PRELOAD": str(self.wrapper),
            "NSS_WRAPPER_PASSWD": str(passwd),
            "NSS_WRAPPER_GROUP": str(group),
        }


@dataclass
class Refusals:
    """Identities that this machine refused: no need to try them again in this process."""

    reasons: dict[str, str] = field(default_factory=dict)

    def note(self, identity: Identity, reason: str) -> None:
        """Remember that `identity` does not work here."""
        self.reasons[identity.kind] = reason

    def left(self, identities: tuple[Identity, ...]) -> tuple[Identity, ...]:
        """Those of `identities` that were not refused."""
        return tuple(identity for identity in identities if identity.kind not in self.reasons)


def candidates(host: Host) -> tuple[Identity, ...]:
    """The ways to try, best first.

    A namespace keeps all files the caller's, needs no account of its own and reaches programs below a
    private home, so root and users without an account prefer it.
    """
    direct = Identity(kind="direct", uid=host.uid, gid=host.gid, can_initdb=host.known)
    ways: list[Identity] = []
    if (host.uid == 0 or not host.known) and host.platform == "linux" and host.nobody:
        ways.append(Identity(kind="namespace", uid=host.nobody.uid, gid=host.nobody.gid))
    if host.uid == 0:
        if host.nobody:
            ways.append(Identity(kind="setuid", uid=host.nobody.uid, gid=host.nobody.gid))
        return tuple(ways)
    if not host.known and host.wrapper:
        ways.append(Identity(kind="wrapper", uid=host.uid, gid=host.gid, wrapper=host.wrapper))
    return (*ways, direct)


def program_environment(source: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The little that PostgreSQL's programs need: no PG* variable of the user may reach them."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    return {name: source[name] for name in kept if name in source} | {"LC_ALL": "C", "TZ": "UTC"}


def _account(user: int | str) -> Account | None:
    try:
        found = pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
    except KeyError:
        return None
    return Account(uid=found.pw_uid, gid=found.pw_gid)


def _wrappers() -> list[Path]:
    return [Path(folder, WRAPPER) for folder in LIBRARY_FOLDERS]
