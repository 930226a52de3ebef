"""seatrial: integration tests for Python backends, with the real parts.

The names below are the public ones: what fixtures give, for annotations, and the errors. Everything is
imported when it is first named, so `import seatrial` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.lazy import lazy_names

if TYPE_CHECKING:
    from seatrial.app import AsyncClient, Client, CountedStatements, counted_statements
    from seatrial.errors import (
        ApplicationError,
        AuditError,
        CatalogError,
        CheckError,
        FakeError,
        IdentityError,
        IsolationError,
        LedgerError,
        NetworkError,
        SeatrialError,
        ServerError,
        SettingsError,
        TemplateError,
        TransactionError,
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
    "AuditError",
    "CatalogError",
    "CheckError",
    "Client",
    "CountedStatements",
    "FakeError",
    "Fakes",
    "Handle",
    "Identities",
    "Identity",
    "IdentityError",
    "IsolationError",
    "LedgerError",
    "NetworkError",
    "SeatrialError",
    "ServerError",
    "SettingsError",
    "TemplateError",
    "TestDatabase",
    "TransactionError",
    "Trial",
    "UnsafeTargetError",
    "__version__",
    "counted_statements",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ApplicationError": "errors",
        "AsyncClient": "app",
        "AuditError": "errors",
        "CatalogError": "errors",
        "CheckError": "errors",
        "Client": "app",
        "CountedStatements": "app",
        "FakeError": "errors",
        "Fakes": "fakes",
        "Handle": "postgres.handle",
        "Identities": "identities",
        "Identity": "identities",
        "IdentityError": "errors",
        "IsolationError": "errors",
        "LedgerError": "errors",
        "NetworkError": "errors",
        "SeatrialError": "errors",
        "ServerError": "errors",
        "SettingsError": "errors",
        "TemplateError": "errors",
        "TestDatabase": "trial.database",
        "TransactionError": "errors",
        "Trial": "trial",
        "UnsafeTargetError": "errors",
        "counted_statements": "app",
    },
)
