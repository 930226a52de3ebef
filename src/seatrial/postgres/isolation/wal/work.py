"""Our session in the tested database, and what was done to the rows of this very copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.isolation.wal.blocks import MovedRows
from seatrial.postgres.isolation.wal.catalogue import CatalogueReader, differing
from seatrial.postgres.isolation.wal.plan import CloneNeededError, plan_repair
from seatrial.postgres.isolation.wal.records import classify
from seatrial.postgres.isolation.wal.relations import read_relations
from seatrial.postgres.isolation.wal.repair import repair, set_back
from seatrial.postgres.isolation.wal.session import Session
from seatrial.postgres.isolation.wal.views import changed_views, refresh

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation.wal.mirror import Mirror
    from seatrial.postgres.isolation.wal.records import Change, Findings
    from seatrial.postgres.isolation.wal.relations import FileKey, Relation

_SELF = "select oid from pg_database where datname = current_database()"
_UNLOGGED = """
select count(*) > 0, count(*) filter (where relkind = 'S') > 0 from pg_class where relpersistence = 'u'
"""


class TemporaryTablesError(Exception):
    """Sessions hold temporary tables, which show in the catalogues until those sessions end."""


class Work:
    """The tested database as long as it is the same copy."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self._session = Session(cluster, database)
        ((oid,),), ((unlogged, sequences),) = self._session.query(f"{_SELF}; {_UNLOGGED}")
        self.oid = int(str(oid))
        self.ours = f"{{{self._session.pid}}}"
        """Our own process id, as an array of the server."""
        self.holds_unlogged = unlogged == "t"
        self.holds_unlogged_sequences = sequences == "t"
        self._catalogues = CatalogueReader(self._session)
        self._moved = MovedRows()
        self._files: dict[FileKey, Relation] | None = None

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def undo(self, found: Findings, mirror: Mirror) -> list[str]:
        """Put back what was changed; the ids of our transactions, none if nothing was to be done.

        Raises:
            CloneNeededError: that cannot be done in place.
            TemporaryTablesError: that cannot be told before other sessions have ended.
            psycopg.Error: a statement failed.
        """
        rewritten = self._rewritten(found, mirror)
        plan = plan_repair(found, rewritten, mirror)
        views = [
            mirror.relations[oid] for oid in {*found.views, *rewritten} if mirror.relations[oid].kind == "m"
        ]
        stale = changed_views(self._session, mirror.session, views)
        own = [] if plan.is_nothing else repair(self._session, mirror, self._moved, plan)
        return own + self._refresh(stale, mirror) if stale else own

    def classify(self, changes: Iterable[Change], mirror: Mirror) -> Findings:
        """Sort what the log holds."""
        if self._files is None:
            # A copy is a copy of files, so theirs have the names of the mirror's.
            self._files = mirror.files
        return classify(changes, self._files)

    def set_back_unlogged_sequences(self, mirror: Mirror) -> None:
        """What has no log and needs no transaction: nothing tells whether these were used."""
        sequences = [relation for relation in mirror.unlogged if relation.kind == "S"]
        if any(sequence.cache > 1 for sequence in sequences):
            raise CloneNeededError("sequence whose values sessions keep")
        if sequences:
            self._session.query(";".join(set_back(sequences, mirror)))

    def _rewritten(self, found: Findings, mirror: Mirror) -> set[int]:
        """Relations that lie in other files now, where the catalogues say the same as ever."""
        if not (found.catalogues or found.unknown):
            return set()
        if differing(self._catalogues, mirror.catalogues, found.catalogues | {"pg_class"}):
            if self._holds_temporary():
                raise TemporaryTablesError
            raise CloneNeededError("DDL")
        return self._reload_files()

    def _holds_temporary(self) -> bool:
        (((holds,),),) = self._session.query(
            "select exists (select from pg_class where relpersistence = 't')"
        )
        return holds == "t"

    def _reload_files(self) -> set[int]:
        before, self._files = self._files or {}, read_relations(self._session)
        return {relation.oid for file, relation in self._files.items() if before.get(file) != relation}

    def _refresh(self, stale: list[Relation], mirror: Mirror) -> list[str]:
        if any(view.has_toast for view in stale):
            # REFRESH gives it another TOAST table, and the catalogues would differ ever after.
            raise CloneNeededError("materialized view")
        own = refresh(self._session, stale)
        if changed_views(self._session, mirror.session, stale):
            raise CloneNeededError("materialized view")
        self._reload_files()
        return own
