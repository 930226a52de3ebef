"""What can go wrong, as the callers of this package see it. `code` is stable."""

from typing import ClassVar


class PlantError(Exception):
    code: ClassVar[str]


class PoolExhaustedError(PlantError):
    """All connections were in use for as long as one may wait."""

    code = "POOL_EXHAUSTED"


class DatabaseUnavailableError(PlantError):
    """The server could not be reached, or ended the connection."""

    code = "DATABASE_UNAVAILABLE"


class TransientError(PlantError):
    """Another transaction got in the way. Trying again from the start can succeed."""

    code = "TRY_AGAIN"

    def __init__(self, message: str, *, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class ConstraintError(PlantError):
    """A constraint of the database refused the change; `name` is the constraint's, or the column's."""

    code = "CONSTRAINT"

    def __init__(self, message: str, *, sqlstate: str, name: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.name = name


class NotAllowedError(PlantError):
    """The entity belongs to another agent, or nobody may do this."""

    code = "NOT_ALLOWED"


class NotFoundError(PlantError):
    """There is no such entity, or the agent may not see it."""

    code = "NOT_FOUND"


class InvalidError(PlantError):
    """A rule speaks against the change; `field` is what it is about."""

    code = "INVALID"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field
