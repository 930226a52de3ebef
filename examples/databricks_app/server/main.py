"""The application's factory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from server.lib.correlation import CorrelationMiddleware
from server.lib.database import Lakebase
from server.lib.description import describe
from server.lib.errors import install_error_handlers
from server.lib.logs import configure_logging
from server.lib.metrics import Metrics, MetricsMiddleware
from server.lib.probes import router as probes
from server.lib.resources import Resources
from server.lib.warehouse import Warehouse
from server.lib.workspace import Workspace
from server.routers import routers
from server.settings import Settings, get_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """An application that opens its connections when they are first needed."""
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        workspace = Workspace(settings)
        lakebase = Lakebase(settings, workspace) if settings.pghost else None
        app.state.resources = Resources(
            settings=settings,
            workspace=workspace,
            warehouse=Warehouse(settings),
            lakebase=lakebase,
            metrics=metrics,
        )
        try:
            yield
        finally:
            if lakebase is not None:
                await lakebase.close()

    app = FastAPI(title="Databricks data application", version="0.1.0", lifespan=lifespan)
    # The last one is the outermost: what the others log carries the correlation id.
    app.add_middleware(MetricsMiddleware, metrics=metrics)
    app.add_middleware(CorrelationMiddleware)
    install_error_handlers(app)
    for router in (*routers, probes):
        app.include_router(router)
    describe(app)
    return app
