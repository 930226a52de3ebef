"""The settings of a deployment, read from its environment."""

from functools import lru_cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals."""

    database_url: SecretStr
    database_read_url: SecretStr | None = None
    """A replica for reading; without one, reading goes to the same server."""
    database_pool_size: int = Field(default=20, ge=1)
    database_max_overflow: int = Field(default=40, ge=0)
    database_pool_timeout_seconds: float = Field(default=30, gt=0)
    """How long to wait for a connection when all are in use."""
    database_connect_timeout_seconds: float = Field(default=10, gt=0)
    """How long a new connection may take."""
    database_lock_timeout_seconds: float = Field(default=10, gt=0)
    """How long a statement may wait for what another transaction has locked, the audit log above all."""
    transaction_attempts: int = Field(default=10, ge=1)
    """How often a transaction is tried that others get in the way of."""


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
