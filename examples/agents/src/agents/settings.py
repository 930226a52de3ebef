"""The settings of a deployment, read from its environment."""

from functools import lru_cache
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals."""

    database_url: SecretStr
    database_pool_size: int = Field(default=10, ge=1)

    jwt_algorithm: Literal["HS256", "RS256"] = "HS256"
    jwt_secret: SecretStr | None = None
    jwt_issuer: str | None = None
    jwt_audience: str = "enterprise-agents-api"

    openai_base_url: str = "https://api.openai.com/v1"
    openai_api_key: SecretStr
    openai_model: str = "gpt-4o-mini"
    openai_timeout_seconds: float = Field(default=30, gt=0)
    openai_max_retries: int = Field(default=1, ge=0)

    chat_requests_per_minute: int = Field(default=60, ge=1)
    chat_history_messages: int = Field(default=20, ge=0)

    export_batch_rows: int = Field(default=1000, ge=1)
    """How many rows of an export are in memory at once."""

    @model_validator(mode="after")
    def _signing_key_is_known(self) -> Self:
        if self.jwt_algorithm == "HS256" and self.jwt_secret is None:
            raise ValueError("JWT_SECRET is required with JWT_ALGORITHM=HS256")
        if self.jwt_algorithm == "RS256" and self.jwt_issuer is None:
            raise ValueError("JWT_ISSUER is required with JWT_ALGORITHM=RS256")
        return self


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
