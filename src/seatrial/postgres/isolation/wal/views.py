"""Materialised views: their rows are what a query gave once, and may be stale on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.postgres.isolation.wal.relations import Relation
    from seatrial.postgres.isolation.wal.session import Rows, Session


def changed_views(work: Session, mirror: Session, views: Sequence[Relation]) -> list[Relation]:
    """Those whose content is not that of the mirror."""
    if not views:
        return []
    ours, theirs = _digests(work, views), _digests(mirror, views)
    return [view for view, here, there in zip(views, ours, theirs, strict=True) if here != there]


def refresh(work: Session, views: Sequence[Relation]) -> list[str]:
    """Fill views anew, in the order they were created; the transaction id that took."""
    ordered = sorted(views, key=lambda view: view.oid)
    statements = [f"refresh materialized view {view.name}" for view in ordered]
    *_, ((own,),) = work.query(";".join([*statements, "select pg_current_xact_id()::xid"]))
    return [str(own)]


def _digests(session: Session, views: Sequence[Relation]) -> list[Rows]:
    return session.query(
        ";".join(
            "select count(*), sum(hashtextextended((seatrial_row.*)::text, 0)) "
            f"from only {view.name} seatrial_row"
            for view in views
        )
    )
