"""The application and what it holds open while it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import audit, entities, health
from api.errors import install_error_handlers
from core.connector import DatabaseConnector
from core.settings import Settings, get_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """An application that opens its connections when it starts, and refuses a role above the policies."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with DatabaseConnector(settings) as connector:
            await connector.check()
            app.state.connector = connector
            yield

    app = FastAPI(title="Plant", version="0.1.0", lifespan=lifespan, openapi_url="/api/v1/openapi.json")
    install_error_handlers(app)
    for router in (*entities.routers(), audit.router, health.router):
        app.include_router(router, prefix="/api/v1")
    return app
