"""What the application holds open while it runs."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from agents.auth.tokens import TokenVerifier
from agents.chat.llm import LanguageModel
from agents.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Resources:
    settings: Settings
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    tokens: TokenVerifier
    llm: LanguageModel


def resources_of(request: Request) -> Resources:
    """The resources of the application that serves this request."""
    resources: Resources = request.app.state.resources
    return resources
