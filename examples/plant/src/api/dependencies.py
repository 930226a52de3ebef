"""What routes ask for: the connector, the calling agent, a page."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, Field

from api.errors import ApiError
from core.connector import DatabaseConnector


async def _connector(request: Request) -> DatabaseConnector:
    connector: DatabaseConnector = request.app.state.connector
    return connector


async def _agent(x_agent_id: Annotated[str | None, Header(max_length=100)] = None) -> str:
    # The gateway has authenticated the agent and sets this header itself.
    if not x_agent_id:
        raise ApiError(401, "UNAUTHENTICATED", "The header X-Agent-Id names nobody.")
    return x_agent_id


class Page(BaseModel):
    limit: int = Field(default=50, ge=1, le=200)
    offset: int = Field(default=0, ge=0, le=1_000_000)


Connector = Annotated[DatabaseConnector, Depends(_connector)]
AgentId = Annotated[str, Depends(_agent)]
Paging = Annotated[Page, Query()]
