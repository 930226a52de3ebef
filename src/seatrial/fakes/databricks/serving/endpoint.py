"""A serving endpoint as the workspace keeps it, and how the API describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHAT = "llm/v1/chat"
COMPLETIONS = "llm/v1/completions"
EMBEDDINGS = "llm/v1/embeddings"
TASKS = (CHAT, COMPLETIONS, EMBEDDINGS)
_MS = 1000


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An endpoint.

    Attributes:
        name: how clients call it.
        task: of a foundation model, one of `TASKS`; None: a model of the team's own.
        model: the name of what is served.
        version: of a model of the team's own.
        creator: whose it is.
        created: seconds since the epoch.
        ready: whether it answers.
        predict: what a model of the team's own answers, of the inputs.
        openapi: the document that describes a model of the team's own.
        principals: who may query it; None: everybody.
    """

    name: str
    task: str | None
    model: str
    creator: str
    created: float
    version: str = "1"
    ready: bool = True
    predict: Callable[[Any], Any] | None = field(default=None, repr=False)
    openapi: Mapping[str, Any] | None = field(default=None, repr=False)
    principals: frozenset[str] | None = None

    @property
    def served_name(self) -> str:
        """What the header `served-model-name` says."""
        last = self.model.rpartition(".")[2]
        return last if self.task is not None else f"{last}-{self.version}"

    def json(self, *, detailed: bool) -> dict[str, Any]:
        """As the API describes it: in a list, or alone."""
        entity = self._entity()
        if detailed:
            entity = {
                **entity,
                "creator": self.creator,
                "creation_timestamp": int(self.created * _MS),
                "state": {"deployment": "DEPLOYMENT_READY" if self.ready else "DEPLOYMENT_CREATING"},
            }
        config: dict[str, Any] = {"served_entities": [entity]}
        if detailed:
            config["config_version"] = 1
            config["traffic_config"] = {
                "routes": [{"served_model_name": self.served_name, "traffic_percentage": 100}]
            }
        found: dict[str, Any] = {
            "id": f"{crc32(self.name.encode()):08x}",
            "name": self.name,
            "creator": self.creator,
            "creation_timestamp": int(self.created * _MS),
            "last_updated_timestamp": int(self.created * _MS),
            "state": {"ready": "READY" if self.ready else "NOT_READY", "config_update": "NOT_UPDATING"},
            "config": config,
        }
        if self.task is not None:
            found["task"] = self.task
        return {**found, "permission_level": "CAN_QUERY", "route_optimized": False} if detailed else found

    def _entity(self) -> dict[str, Any]:
        if self.task is not None:
            return {
                "name": self.served_name,
                "entity_name": f"system.ai.{self.model}",
                "entity_version": self.version,
                "foundation_model": {"name": f"system.ai.{self.model}", "display_name": self.model},
            }
        return {"name": self.served_name, "entity_name": self.model, "entity_version": self.version}
