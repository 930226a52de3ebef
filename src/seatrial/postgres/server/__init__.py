"""Embedded PostgreSQL: binaries, prepared data, reserved ports, and servers that leave nothing behind."""

from __future__ import annotations

from seatrial.postgres.server.binaries import Binaries, find_binaries
from seatrial.postgres.server.embedded import EmbeddedServer
from seatrial.postgres.server.extensions import stand_in_names
from seatrial.postgres.server.options import ADMIN_ROLE, ServerOptions
from seatrial.postgres.server.ports import ReservedPort
from seatrial.postgres.server.prepare import prepared_data
from seatrial.postgres.server.runs import sweep_stale_runs

__all__ = [
    "ADMIN_ROLE",
    "Binaries",
    "EmbeddedServer",
    "ReservedPort",
    "ServerOptions",
    "find_binaries",
    "prepared_data",
    "stand_in_names",
    "sweep_stale_runs",
]
