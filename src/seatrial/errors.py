"""Every error seatrial raises: what was expected, what was found, and what to do next."""

from __future__ import annotations


class SeatrialError(Exception):
    """An error with a stable code and a remedy.

    Args:
        message: what was expected and what was found, in one or two sentences.
        code: a stable, greppable name such as ``template.two-heads``.
        remedy: what to do next, in one or two sentences.
        detail: longer text shown below the message (a server log, an original traceback).
    """

    def __init__(self, message: str, *, code: str, remedy: str, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        parts = [f"{self.message} [{self.code}]"]
        if self.detail:
            parts.append(self.detail.rstrip())
        parts.append(f"What to do: {self.remedy}")
        return "\n".join(parts)


class SettingsError(SeatrialError):
    """A setting, option or environment variable is wrong."""


class UnsafeTargetError(SeatrialError):
    """A database that is not provably ours was named explicitly."""


class ServerError(SeatrialError):
    """A database server could not be found, prepared, started or stopped."""


class TemplateError(SeatrialError):
    """Migrations, seeds, roles or extensions did not give a usable template."""


class CatalogError(SeatrialError):
    """The schema of a database could not be read or compared."""


class IsolationError(SeatrialError):
    """A test could not be given a pristine database."""


class LeakError(SeatrialError):
    """A test left something behind that the next one would meet; its code begins with ``leak.``."""


class ApplicationError(SeatrialError):
    """The application could not be loaded, started, called or stopped."""


class IdentityError(SeatrialError):
    """A tenant, user, credential or forged token is not what the settings allow."""


class FakeError(SeatrialError):
    """A fake could not be started or was told something impossible."""


class CheckError(SeatrialError):
    """A check is not known, or cannot be run here."""


class AuditError(SeatrialError):
    """Whether the tests can fail could not be found out."""


class ContractError(SeatrialError):
    """A coverage contract cannot be read, or what was measured cannot be held against it."""


class TransactionError(SeatrialError):
    """Transactions at the same time did not end as they had to, or could not be run."""


class NetworkError(SeatrialError):
    """A connection to another machine was attempted while a test ran."""


class LedgerError(SeatrialError):
    """The record of a run could not be written, merged or read."""
