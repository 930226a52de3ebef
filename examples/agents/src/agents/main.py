"""The application's factory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from agents.api import router
from agents.auth.tokens import TokenVerifier
from agents.chat.llm import LanguageModel
from agents.db.engine import make_engine, make_sessions
from agents.errors import install_error_handlers
from agents.request_id import RequestIdMiddleware
from agents.resources import Resources
from agents.settings import Settings, get_settings
from agents.usage.middleware import UsageMiddleware


def create_app(settings: Settings | None = None) -> FastAPI:
    """An application that opens its database pool and its LLM client when it starts."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = make_engine(settings)
        llm = LanguageModel(settings)
        app.state.resources = Resources(
            settings=settings,
            engine=engine,
            sessions=make_sessions(engine),
            tokens=TokenVerifier(settings),
            llm=llm,
        )
        try:
            yield
        finally:
            await llm.close()
            await engine.dispose()

    app = FastAPI(
        title="Agents",
        version="0.1.0",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    # The last one is the outermost: usage is recorded under the id of the request.
    app.add_middleware(UsageMiddleware)
    app.add_middleware(RequestIdMiddleware)
    install_error_handlers(app)
    app.include_router(router)
    return app
