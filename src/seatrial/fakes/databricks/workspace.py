"""The state of the workspace: people, tokens, Unity Catalog, warehouses, endpoints; and its baseline."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.people.tokens import Tokens
from seatrial.fakes.databricks.unity.privileges import Grants
from seatrial.fakes.databricks.unity.store import Store

if TYPE_CHECKING:
    from seatrial.fakes.databricks.connections import Connection
    from seatrial.fakes.databricks.instances import Instance
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.serving.endpoint import Endpoint
    from seatrial.fakes.databricks.statements.warehouse import Warehouse


@dataclass
class State:
    """Everything that a test can change; its values themselves are never changed, only exchanged."""

    people: dict[str, Person] = field(default_factory=dict)
    """By their names, in the order in which they were declared."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """Client id -> client secret, of service principals."""
    tokens: Tokens = field(default_factory=Tokens)
    store: Store = field(default_factory=Store)
    grants: Grants = field(default_factory=Grants)
    warehouses: dict[str, Warehouse] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)

    def copy(self) -> State:
        """The same state, to be changed on its own."""
        return State(
            people=dict(self.people),
            secrets=dict(self.secrets),
            tokens=self.tokens.copy(),
            store=self.store.copy(),
            grants=self.grants.copy(),
            warehouses=dict(self.warehouses),
            endpoints=dict(self.endpoints),
            instances=dict(self.instances),
            connections=dict(self.connections),
        )


class Workspace:
    """The state and its lock. Tests change it from their threads while requests read it from another.

    Args:
        workspace_id: the number that the service tells.
    """

    def __init__(self, *, workspace_id: int) -> None:
        self.id = workspace_id
        self.lock = threading.RLock()
        self.state = State()
        self._baseline = State()

    def keep(self) -> None:
        """Make what there is now the state that every test starts from."""
        with self.lock:
            self._baseline = self.state.copy()

    def restore(self) -> None:
        """Go back to the state that every test starts from.

        Tokens that the service has given out stay what they are: applications keep them until they are over.
        """
        with self.lock:
            given = self.state.tokens
            self.state = self._baseline.copy()
            self.state.tokens.keep(given)
