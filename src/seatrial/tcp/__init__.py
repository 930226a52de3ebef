"""Faults of any TCP service: a proxy on a local port that delays, holds, cuts and refuses what passes it."""

from __future__ import annotations

from seatrial.tcp.faults import Fault
from seatrial.tcp.options import target_of
from seatrial.tcp.proxy import TcpProxy
from seatrial.tcp.target import Target
from seatrial.tcp.thread import ProxyThread
from seatrial.tcp.verbs import Faults
from seatrial.tcp.wire import Wire

__all__ = ["Fault", "Faults", "ProxyThread", "Target", "TcpProxy", "Wire", "target_of"]
