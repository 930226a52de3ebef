"""Lakebase: a PostgreSQL behind TLS that takes a workspace's token for a password."""

from __future__ import annotations

from seatrial.fakes.databricks.lakebase.gate import LakebaseGate
from seatrial.fakes.databricks.lakebase.upstream import Login, Refused, Route, Upstream, Verdict

__all__ = ["LakebaseGate", "Login", "Refused", "Route", "Upstream", "Verdict"]
