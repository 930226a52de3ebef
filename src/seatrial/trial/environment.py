"""The process environment: what was inherited, what the application starts with, and that it stays so."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

from seatrial.config import redact, scan_dotenv, scan_remote_hosts
from seatrial.config.secrets import MASK
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, MutableMapping

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import Settings
    from seatrial.trial.modes import Modes

_STASH = "SEATRIAL_INHERITED"
_DATABASE_VARIABLES = frozenset({"DATABASE_URL", "TESTING_DATABASE_URL"})


class Environment:
    """`os.environ` as it was inherited, and as the application must find it.

    What is replaced is remembered in a variable of our own, so that a child process (an xdist worker, a
    pytest started by a test) still knows what came from outside and does not take our values for it.
    """

    def __init__(self, environ: MutableMapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        stash = _unpack(self._environ.get(_STASH))
        self.inherited: dict[str, str] = {
            **{name: value for name, value in self._environ.items() if name not in stash and name != _STASH},
            **{name: value for name, value in stash.items() if value is not None},
        }
        self._applied: dict[str, str] = {}
        self._kept: tuple[str, ...] = ()

    def apply(
        self,
        settings: Settings,
        values: Mapping[str, str],
        database: Mapping[str, str],
        *,
        modes: Modes | None = None,
    ) -> None:
        """Put the application's environment in place.

        Args:
            settings: whose `allow_hosts` may stay.
            values: `[tool.seatrial.env]`, rendered.
            database: libpq's variables of the test database, or nothing where there is none.
            modes: whose variables keep what was inherited, and whose hosts may stay; None without fakes.

        Raises:
            SettingsError: a variable that would remain points at a data store on another machine.
        """
        removed = [name for name in self.inherited if settings.database and names_a_database(name)]
        changed: dict[str, str | None] = {**dict.fromkeys(removed), **database, **values}
        kept, captured, hosts = (modes.kept, modes.captured, modes.hosts) if modes else ((), (), ())
        changed.update({name: self.inherited[name] for name in kept})
        # What decided is remembered even if it stays as it is: a conftest may change it before workers start.
        stash = {name: self.inherited.get(name) for name in (*changed, *captured)}
        self.restore()
        for name, value in changed.items():
            if value is None:
                self._environ.pop(name, None)
            else:
                self._environ[name] = value
        self._environ[_STASH] = _pack(stash)
        self._applied = {name: value for name, value in changed.items() if value is not None}
        self._kept = kept
        own = self._applied.keys() - set(kept)
        _refuse_remote_hosts(settings, dict(self._environ), own=own, allow=hosts)

    def restore(self) -> None:
        """Put back what was inherited."""
        for name, value in _unpack(self._environ.pop(_STASH, None)).items():
            if value is None:
                self._environ.pop(name, None)
            else:
                self._environ[name] = value
        self._applied = {}

    def check_unchanged(self) -> None:
        """Notice that somebody overwrote what the application must find.

        Raises:
            SettingsError: a variable of ours is no longer what we set.
        """
        changed = [
            f"  {name} is now {self._shown(name)!r}"
            for name, value in self._applied.items()
            if self._environ.get(name) != value
        ]
        if changed:
            raise SettingsError(
                "the environment changed after seatrial had completed it, so the application would miss the "
                "test database",
                code="env.changed",
                detail="\n".join(changed),
                remedy="look for a conftest, a .env loader or a plugin such as pytest-env that sets them; "
                "values for tests belong in [tool.seatrial.env]",
            )

    def _shown(self, name: str) -> str:
        value = self._environ.get(name)
        if value is None:
            return "unset"
        return MASK if name in self._kept else redact(value)


def _pack(stash: Mapping[str, str | None]) -> str:
    # Not readable at a glance: whoever looks through the environment for addresses must not find those
    # that were taken away.
    return base64.b64encode(json.dumps(stash).encode()).decode()


def _unpack(packed: str | None) -> dict[str, str | None]:
    return dict(json.loads(base64.b64decode(packed))) if packed else {}


def names_a_database(name: str) -> bool:
    """Whether a variable names a database to every program, whatever the settings say."""
    return name in _DATABASE_VARIABLES or name in _LIBPQ


_LIBPQ = frozenset(
    {
        "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSERVICE",
        "PGSERVICEFILE", "PGOPTIONS", "PGSSLMODE", "PGREQUIRESSL", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT",
        "PGCHANNELBINDING", "PGGSSENCMODE", "PGTARGETSESSIONATTRS", "PGREQUIREAUTH", "PGLOADBALANCEHOSTS",
        "PGSSLNEGOTIATION", "PGREQUIREPEER",
    }
)  # fmt: skip


def _refuse_remote_hosts(
    settings: Settings, environ: dict[str, str], *, own: Collection[str], allow: Collection[str]
) -> None:
    allowed = (*settings.allow_hosts, *allow)
    found = scan_remote_hosts(environ, allow=allowed, ours=own)
    found += scan_dotenv(settings.root, environ, allow=allowed)
    if not found:
        return
    lines = "\n".join(f"  {item.variable} points at {item.host} ({item.origin})" for item in found)
    raise SettingsError(
        "the environment the application would start with names data stores on other machines",
        code="env.remote-host",
        detail=lines,
        remedy="give these variables values for tests in [tool.seatrial.env], unset them, or list a host "
        f"that is meant in tool.seatrial.allow_hosts ({settings.source})",
    )


def libpq_variables(address: DatabaseAddress) -> Mapping[str, str]:
    """What libpq reads where a program gives no address: it too must land in the test database."""
    if address.engine == "sqlite":
        return {}
    return {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.name,
    }
