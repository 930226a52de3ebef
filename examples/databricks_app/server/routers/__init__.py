"""The operations, by what they are about."""

from fastapi import APIRouter

from server.routers import lakebase, model_serving, unity_catalog, user

# Each has its whole path, which is also the label of its metrics.
routers: list[APIRouter] = [lakebase.router, unity_catalog.router, model_serving.router, user.router]
