"""Who calls the application: declared users, good credentials for them, and forged ones."""

from __future__ import annotations

from seatrial.identities.identity import Identity
from seatrial.identities.keys import Keys
from seatrial.identities.registry import Identities

__all__ = ["Identities", "Identity", "Keys"]
