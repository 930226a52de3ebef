"""The operations, by what they are about."""

from fastapi import APIRouter

from server.routers import lakebase, model_serving, unity_catalog, user

router = APIRouter(prefix="/api")
for part in (lakebase, unity_catalog, model_serving, user):
    router.include_router(part.router)
