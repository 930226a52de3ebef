"""A reset in place for a database that is not made by us, with the rights of its owner."""

from __future__ import annotations

from seatrial.postgres.isolation.triggers.catalogue import digest
from seatrial.postgres.isolation.triggers.content import content_digest
from seatrial.postgres.isolation.triggers.engine import TriggerReset
from seatrial.postgres.isolation.triggers.names import SCHEMA
from seatrial.postgres.isolation.triggers.problems import explained
from seatrial.postgres.isolation.triggers.session import settle
from seatrial.postgres.isolation.triggers.tables import read_relations

__all__ = ["SCHEMA", "TriggerReset", "content_digest", "digest", "explained", "read_relations", "settle"]
