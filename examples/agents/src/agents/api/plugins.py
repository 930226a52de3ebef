"""Plugins of the caller's tenant: what there is, what is on, and how it is set."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from agents import audit
from agents.api.inputs import Opened
from agents.auth.guard import Caller, requires
from agents.auth.principal import Principal
from agents.db import PluginRegistration
from agents.db.base import utcnow
from agents.errors import not_found
from agents.plugins import configuration, registrations
from agents.plugins.catalogue import CATALOGUE, Plugin
from agents.roles import Role

router = APIRouter(prefix="/plugins", tags=["plugins"], route_class=requires(Role.ADMIN))


class PluginOut(BaseModel):
    name: str
    description: str
    config_schema: dict[str, Any]
    enabled: bool
    config: dict[str, Any] | None
    """None: not configured."""
    updated_at: datetime | None
    """None: this tenant has never touched it."""


async def _known(name: str) -> Plugin:
    if name not in CATALOGUE:
        raise not_found()
    return CATALOGUE[name]


Known = Annotated[Plugin, Depends(_known)]
Config = Annotated[dict[str, Any], Body()]


@router.get("")
async def list_plugins(caller: Caller, resources: Opened) -> list[PluginOut]:
    async with resources.sessions() as session:
        registered = {each.name: each for each in await registrations.all_of(session, caller.tenant_id)}
    return [_shown(plugin, registered.get(plugin.name)) for plugin in CATALOGUE.values()]


@router.get("/{name}")
async def get_plugin(caller: Caller, resources: Opened, plugin: Known) -> PluginOut:
    async with resources.sessions() as session:
        return _shown(plugin, await registrations.find(session, caller.tenant_id, plugin.name))


@router.post("/{name}/enable")
async def enable_plugin(caller: Caller, resources: Opened, plugin: Known) -> PluginOut:
    """Switch it on; refused as long as it is not configured and needs to be."""
    async with resources.sessions.begin() as session:
        registration = await registrations.find_or_add(session, caller.tenant_id, plugin.name)
        configuration.check(plugin, registration.config or {})
        _change(session, caller, registration, "plugin.enabled", enabled=True)
    return _shown(plugin, registration)


@router.post("/{name}/disable")
async def disable_plugin(caller: Caller, resources: Opened, plugin: Known) -> PluginOut:
    """Switch it off; its configuration stays."""
    async with resources.sessions.begin() as session:
        registration = await registrations.find_or_add(session, caller.tenant_id, plugin.name)
        _change(session, caller, registration, "plugin.disabled", enabled=False)
    return _shown(plugin, registration)


@router.get("/{name}/config")
async def get_config(caller: Caller, resources: Opened, plugin: Known) -> dict[str, Any]:
    async with resources.sessions() as session:
        _registration, config = await _configured(session, caller, plugin, to_change=False)
    return config


@router.put("/{name}/config")
async def replace_config(caller: Caller, resources: Opened, plugin: Known, config: Config) -> dict[str, Any]:
    configuration.check(plugin, config)
    async with resources.sessions.begin() as session:
        registration = await registrations.find_or_add(session, caller.tenant_id, plugin.name)
        _change(session, caller, registration, "plugin.configured", config=config)
    return config


@router.patch("/{name}/config")
async def change_config(caller: Caller, resources: Opened, plugin: Known, patch: Config) -> dict[str, Any]:
    """Apply a JSON merge patch; what comes out has to be valid as a whole."""
    async with resources.sessions.begin() as session:
        registration, before = await _configured(session, caller, plugin)
        config = configuration.merged(before, patch)
        configuration.check(plugin, config)
        _change(session, caller, registration, "plugin.configured", config=config)
    return config


@router.delete("/{name}/config", status_code=204)
async def delete_config(caller: Caller, resources: Opened, plugin: Known) -> None:
    """Forget the configuration; a plugin that cannot work without one is switched off with it."""
    async with resources.sessions.begin() as session:
        registration, _config = await _configured(session, caller, plugin)
        enabled = registration.enabled and configuration.is_valid(plugin, {})
        _change(session, caller, registration, "plugin.config_deleted", config=None, enabled=enabled)


async def _configured(
    session: AsyncSession, caller: Principal, plugin: Plugin, *, to_change: bool = True
) -> tuple[PluginRegistration, dict[str, Any]]:
    registration = await registrations.find(session, caller.tenant_id, plugin.name, to_change=to_change)
    if registration is None or registration.config is None:
        raise not_found()
    return registration, registration.config


def _change(
    session: AsyncSession, caller: Principal, registration: PluginRegistration, action: str, **values: Any
) -> None:
    for name, value in values.items():
        setattr(registration, name, value)
    registration.updated_at = utcnow()
    # Not the configuration itself: the log is kept longer than what a tenant wants forgotten.
    audit.record(session, caller, action, registration.id, name=registration.name)


def _shown(plugin: Plugin, registration: PluginRegistration | None) -> PluginOut:
    described: Mapping[str, Any] = {
        "name": plugin.name,
        "description": plugin.description,
        "config_schema": plugin.schema,
    }
    if registration is None:
        return PluginOut(**described, enabled=False, config=None, updated_at=None)
    return PluginOut(
        **described,
        enabled=registration.enabled,
        config=registration.config,
        updated_at=registration.updated_at,
    )
