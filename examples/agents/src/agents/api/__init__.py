"""The HTTP API, version 1."""

from fastapi import APIRouter

from agents.api import (
    admin_tenant,
    admin_users,
    analytics,
    chat,
    conversations,
    health,
    messages,
    plugins,
)
from agents.auth.guard import documented_bearer

_protected = APIRouter(dependencies=[documented_bearer])
_protected.include_router(conversations.router)
_protected.include_router(conversations.operator_router)
_protected.include_router(messages.router)
_protected.include_router(chat.router)
_protected.include_router(admin_users.router)
_protected.include_router(admin_tenant.router)
_protected.include_router(plugins.router)
_protected.include_router(analytics.router)
_protected.include_router(analytics.operator_router)

router = APIRouter(prefix="/api/v1")
router.include_router(health.router)
router.include_router(_protected)
