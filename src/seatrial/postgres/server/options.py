"""How a server is tuned for tests, as the text of `postgresql.conf` and `pg_hba.conf`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seatrial.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ADMIN_ROLE = "seatrial"
"""The superuser, who logs in over the unix socket only."""

OURS = frozenset(
    {
        "allow_alter_system",
        "data_directory",
        "extension_control_path",
        "hba_file",
        "listen_addresses",
        "logging_collector",
        "port",
        "unix_socket_directories",
        "unix_socket_permissions",
    }
)

# Whoever can open the unix socket, which is in a folder of our own, can be the superuser; so it may as well
# be any other role. Roles that migrations make have no password by which a gate could log in.
HBA = f"""\
local all all trust
host all {ADMIN_ROLE} 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
"""

TUNING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Applications that commit in two phases can be tested.
    "max_prepared_transactions": "8",
    "max_logical_replication_workers": "0",
    "wal_keep_size": "64MB",
    "max_wal_size": "4GB",
    "wal_init_zero": "off",
    "wal_recycle": "off",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    # A deadlock is found after this time, and every test of one waits for it: a second by default.
    "deadlock_timeout": "100ms",
    "huge_pages": "off",
    # Shared segments then lie in the run folder: they cannot outlive it, nor fill a 64 MB /dev/shm.
    "dynamic_shared_memory_type": "mmap",
    "bgwriter_lru_maxpages": "0",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u@%d ",
    "logging_collector": "off",
    "log_destination": "stderr",
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
}

SINCE = {
    # Passwords are made for one run; thousands of hash rounds would only slow every login down.
    16: {"scram_iterations": "1"},
    # ALTER SYSTEM writes no WAL, so no reset could see it.
    17: {"allow_alter_system": "off"},
    18: {"io_method": "sync"},
}


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What a team may choose about its embedded server."""

    max_connections: int = 100
    shared_buffers: str = "32MB"
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further `postgresql.conf` settings; they win over the tuning for tests."""
    stand_ins: tuple[str, ...] = ()
    """Extensions that may be SQL stand-ins where the server lacks them."""

    def __post_init__(self) -> None:
        for name, value in self.settings.items():
            if name.lower() in OURS:
                raise _refused(name, "seatrial needs it for itself")
            if not re.fullmatch(r"[A-Za-z_][\w.]*", name) or re.search(r"[\n\r\0]", str(value)):
                raise _refused(name, "it is not one name with a value of one line")


def render(
    *, options: ServerOptions, major: int, port: int, socket_dir: Path, control_path: Path | None
) -> str:
    """Write `postgresql.conf` for a server of version `major`."""
    settings = dict(TUNING)
    for since, further in SINCE.items():
        if major >= since:
            settings |= further
    settings |= {
        "port": str(port),
        "unix_socket_directories": _as_list_item(socket_dir),
        "max_connections": str(options.max_connections),
        "shared_buffers": options.shared_buffers,
    }
    if control_path is not None:
        # The server's own extensions come first: a stand-in never hides the real one.
        settings["extension_control_path"] = f"$system:{control_path}"
    settings |= {name.lower(): str(value) for name, value in options.settings.items()}
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())


def _as_list_item(path: Path) -> str:
    return '"' + str(path).replace('"', '""') + '"'


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _refused(name: str, reason: str) -> ServerError:
    return ServerError(
        f"The server setting {name!r} cannot be used: {reason}.",
        code="server.bad-setting",
        remedy="Remove it from the server's settings.",
    )
