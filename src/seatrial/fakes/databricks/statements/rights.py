"""What a statement may touch: its caller's privileges, asked for before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.fakes.databricks.refusals import Refused, lacking_text
from seatrial.fakes.databricks.statements.failures import insufficient
from seatrial.fakes.databricks.unity import access

if TYPE_CHECKING:
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.sql.names import Access
    from seatrial.fakes.databricks.workspace import State


class Rights:
    """The privileges of one caller at one moment.

    Args:
        state: of the workspace; nobody changes it any more.
        caller: who runs the statement.
    """

    def __init__(self, state: State, caller: Person) -> None:
        self._state = state
        self._caller = caller

    def demand(self, wanted: Access) -> None:
        """Let a statement touch this, or not.

        What is not there is nobody's to refuse: the statement itself says so.

        Raises:
            StatementFailure: a privilege is lacking; the first that is, from above.
        """
        if wanted.privilege == "CREATE_CATALOG":
            if not self._caller.admin:
                raise insufficient(lacking_text("CREATE_CATALOG", "metastore", "seatrial"))
            return
        full = wanted.full_name
        if self._state.store.get(full) is None and wanted.privilege not in {"CREATE_TABLE", "CREATE_SCHEMA"}:
            return
        try:
            self._demand(full, wanted)
        except Refused as refused:
            raise insufficient(refused.message) from refused

    def sees(self, wanted: Access) -> bool:
        """Whether a list has this in it; what Unity Catalog does not know is seen by everybody."""
        full = wanted.full_name
        return self._state.store.get(full) is None or access.sees(self._state, self._caller, full)

    def _demand(self, full: str, wanted: Access) -> None:
        above = full.rpartition(".")[0]
        if above:
            access.demand_way(self._state, self._caller, above)
        if wanted.privilege == "MANAGE":
            self._demand_owner(full)
        elif wanted.privilege not in {"USE_CATALOG", "USE_SCHEMA"} and wanted.kind != "TABLE":
            access.demand_way(self._state, self._caller, full)
            access.demand(self._state, self._caller, full, wanted.privilege)
        else:
            access.demand(self._state, self._caller, full, wanted.privilege)

    def _demand_owner(self, full: str) -> None:
        if not access.owns(self._state, self._caller, full):
            access.demand(self._state, self._caller, full, "MANAGE")
