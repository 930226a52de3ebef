"""What a statement can end with besides rows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from types import ModuleType


class SqlFailure(Exception):  # noqa: N818 - the service calls it so: state FAILED
    """A statement failed as it would at the service.

    Args:
        error_class: such as `TABLE_OR_VIEW_NOT_FOUND`; empty where the service's class is not known.
        message: without the class.
        sql_state: five characters.
    """

    def __init__(self, error_class: str, message: str, sql_state: str) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.message = message
        self.sql_state = sql_state

    def __str__(self) -> str:
        head = f"[{self.error_class}] " if self.error_class else ""
        return f"{head}{self.message} SQLSTATE: {self.sql_state}"


class SqlCancelled(Exception):  # noqa: N818 - it was asked for
    """A statement was interrupted."""


class NotServed(FakeError):  # noqa: N818 - no fault of the statement
    """A statement asks for what this engine cannot do as the service does it.

    Args:
        feature: what it asks for, in a few words.
    """

    def __init__(self, feature: str) -> None:
        super().__init__(
            f"The SQL of the fake expects what docs/databricks_sql.md lists, found {feature}.",
            code="fakes.databricks-unserved-sql",
            remedy="Write the statement without it, script the result of this statement, or test it live.",
        )
        self.feature = feature


def load(module: str) -> Any:
    """A module that comes with the extra `databricks-sql`.

    Raises:
        FakeError: the extra is not installed.
    """
    try:
        loaded: ModuleType = import_module(module)
    except ImportError as missing:
        raise FakeError(
            f"SQL needs the package {module!r}, and it is not installed.",
            code="fakes.databricks-sql",
            remedy='Install the extra: pip install "seatrial[databricks-sql]"',
        ) from missing
    return loaded
