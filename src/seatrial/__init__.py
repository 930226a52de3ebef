"""seatrial: integration tests for Python backends, with the real parts.

The names below are the public ones: what fixtures give, for annotations, and the errors. Everything is
imported when it is first named, so `import seatrial` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seatrial.app import AsyncClient, Client
    from seatrial.errors import (
        ApplicationError,
        FakeError,
        IdentityError,
        IsolationError,
        SeatrialError,
        ServerError,
        SettingsError,
        TemplateError,
        UnsafeTargetError,
    )
    from seatrial.fakes import Fakes
    from seatrial.identities import Identities, Identity
    from seatrial.postgres.handle import Handle
    from seatrial.trial import Trial
    from seatrial.trial.database import TestDatabase

__version__ = "0.1.0"

__all__ = [
    "ApplicationError",
    "AsyncClient",
    "Client",
    "FakeError",
    "Fakes",
    "Handle",
    "Identities",
    "Identity",
    "IdentityError",
    "IsolationError",
    "SeatrialError",
    "ServerError",
    "SettingsError",
    "TemplateError",
    "TestDatabase",
    "Trial",
    "UnsafeTargetError",
    "__version__",
]

_HOMES = {
    "AsyncClient": "seatrial.app",
    "Client": "seatrial.app",
    "Fakes": "seatrial.fakes",
    "Handle": "seatrial.postgres.handle",
    "Identities": "seatrial.identities",
    "Identity": "seatrial.identities",
    "TestDatabase": "seatrial.trial.database",
    "Trial": "seatrial.trial",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "seatrial.errors")), name)
