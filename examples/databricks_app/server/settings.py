"""The settings of a deployment, read from its environment."""

from functools import lru_cache
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals; an empty one counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    databricks_host: str
    databricks_client_id: str | None = None
    databricks_client_secret: SecretStr | None = None
    """The service principal. It logs in to Lakebase and is never used for a user's data."""
    databricks_warehouse_id: str | None = None
    """Without it: the first warehouse that the caller may use."""

    workspace_timeout_seconds: float = Field(default=30, gt=0)
    """How long one answer of the workspace may take."""
    workspace_retry_seconds: int = Field(default=10, ge=1)
    """How long 429, 503 and broken connections are tried again. The SDK takes whole seconds only."""
    workspace_retry_pause_seconds: float = Field(default=5, gt=0)
    """The longest pause between two tries, whatever the workspace asks for."""
    workspace_threads: int = Field(default=32, ge=1)
    """How many calls to the workspace may be under way at once."""
    query_timeout_seconds: float = Field(default=60, gt=0)
    """How long a statement may run before it is cancelled."""

    pghost: str | None = None
    """Without it there is no Lakebase, and what needs it answers 503."""
    pgport: int = Field(default=5432, ge=1, le=65535)
    pguser: str | None = Field(default=None, validation_alias=AliasChoices("pguser", "databricks_client_id"))
    """Without it: the service principal."""
    pgpassword: SecretStr | None = None
    """Without it: a token of the service principal for LAKEBASE_INSTANCE, renewed before it ends."""
    pgsslmode: SslMode = "require"
    lakebase_database: str = "databricks_postgres"
    lakebase_instance: str | None = None

    database_pool_size: int = Field(default=10, ge=1)
    database_timeout_seconds: float = Field(default=10, gt=0)
    """How long connecting, waiting for a connection and a statement may take, each."""

    schema_cache_seconds: float = Field(default=300, ge=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
