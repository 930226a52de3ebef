"""What a tenant has decided about plugins."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from agents.chat.prompt import Prompt
from agents.db import PluginRegistration
from agents.db.upsert import upsert
from agents.plugins.catalogue import CATALOGUE


async def all_of(session: AsyncSession, tenant_id: UUID) -> Sequence[PluginRegistration]:
    """Every registration of the tenant, in no order."""
    return (await session.scalars(_of(tenant_id))).all()


async def find(
    session: AsyncSession, tenant_id: UUID, name: str, *, to_change: bool = False
) -> PluginRegistration | None:
    """The tenant's registration of one plugin; `to_change` makes others who want to change it wait."""
    query = _of(tenant_id).where(PluginRegistration.name == name)
    return await session.scalar(query.with_for_update() if to_change else query)


async def find_or_add(session: AsyncSession, tenant_id: UUID, name: str) -> PluginRegistration:
    """The tenant's registration of one plugin to change, which is new if there was none."""
    # No savepoint around an ordinary insert: on SQLite the end of the first one is a commit.
    new = upsert(session.get_bind().dialect.name, PluginRegistration).values(tenant_id=tenant_id, name=name)
    await session.execute(new.on_conflict_do_nothing(index_elements=["tenant_id", "name"]))
    found = await find(session, tenant_id, name, to_change=True)
    assert found is not None
    return found


async def applied(sessions: async_sessionmaker[AsyncSession], tenant_id: UUID, prompt: Prompt) -> Prompt:
    """The prompt as the tenant's enabled plugins change it, in the catalogue's order."""
    async with sessions() as session:
        enabled = await session.scalars(_of(tenant_id).where(PluginRegistration.enabled))
        configs = {registration.name: registration.config or {} for registration in enabled}
    for name, plugin in CATALOGUE.items():
        if name in configs:
            prompt = plugin.apply(prompt, configs[name])
    return prompt


def _of(tenant_id: UUID) -> Select[PluginRegistration]:
    return select(PluginRegistration).where(PluginRegistration.tenant_id == tenant_id)
