# ruff: noqa: E501 - one fault per line
"""Faults to plant into the engine: each is what a slip in one small function would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from seatrial.postgres.isolation.wal import (
    blocks,
    engine,
    log,
    mirror,
    records,
    relations,
    repair,
    shared,
    work,
)
from tests.machine.operations_structure import STRUCTURE

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """One slip."""

    name: str
    plant: Plant
    programs: int = 150
    """Within how many programs it has to be caught."""
    structure: str = ""
    """The one operation that changes definitions, where any other would hide the slip behind a copy."""

    @property
    def lacking(self) -> frozenset[str]:
        """Operations that no program may have."""
        names = {operation.name for operation in STRUCTURE} if self.structure else set()
        return frozenset(names - {self.structure})


def _after(owner: Any, name: str, change: Callable[..., Any]) -> Plant:
    """Let a function return what `change` makes of its result; `change` gets the arguments too."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)
        patch.setattr(owner, name, lambda *given, **named: change(original(*given, **named), *given, **named))

    return plant


def _instead(owner: Any, name: str, replacement: Any) -> Plant:
    return lambda patch: patch.setattr(owner, name, replacement)


def _deaf_to(heard: Callable[[records.Change], bool]) -> Plant:
    """Take records of one kind for harmless."""
    original = records.Change.is_harmless.fget
    return _instead(records.Change, "is_harmless", property(lambda change: heard(change) or original(change)))


def _blind_to(*names: str) -> Plant:
    """Miss the writes of some tables or sequences."""

    def forget(found: records.Findings, changes: Any, known: Any) -> records.Findings:
        del changes
        missed = {relation.oid for relation in known.values() if relation.name in names}
        found.sequences -= missed
        for oid in missed:
            found.tables.pop(oid, None)
        return found

    return _after(work, "classify", forget)


def _planned(change: Callable[[Any], None]) -> Plant:
    def changed(plan: Any, *_: object) -> Any:
        change(plan)
        return plan

    return _after(work, "plan_repair", changed)


def _statements(change: Callable[[str], str | None]) -> Plant:
    """Change the statements of a repair; None leaves one out."""
    original = repair._run

    def run(session: Any, statements: Any) -> Any:
        return original(session, [new for old in statements if (new := change(old)) is not None])

    return _instead(repair, "_run", run)


def _patched(change: Callable[[blocks.Patch], blocks.Patch]) -> Plant:
    return _after(blocks.MovedRows, "patch", lambda patch, *_: change(patch))


def _window(**changes: Any) -> Plant:
    return _after(log.Log, "read", lambda found, *_: dataclasses.replace(found, **changes))


def _found(**changes: Any) -> Plant:
    return _after(work, "classify", lambda found, *_: dataclasses.replace(found, **changes))


def _without_last_column(pair: Any, *_: object) -> Any:
    key, relation = pair
    columns = relation.columns
    if columns is None or ", " not in columns:
        return pair
    return key, dataclasses.replace(relation, columns=columns.rpartition(", ")[0])


FAULTS = (
    Fault("sequences are skipped", _planned(lambda plan: plan.sequences.clear())),
    Fault("one sequence is skipped", _blind_to("public.free")),
    Fault("a sequence forgets whether it was used", _after(mirror.Mirror, "sequences", lambda values, *_: {oid: (value, "t") for oid, (value, _) in values.items()})),
    Fault("a cascade is missed", _blind_to("public.orders", "public.lines")),
    Fault("what a trigger wrote is missed", _blind_to("public.audit_log")),
    Fault("what a rule wrote is missed", _blind_to("public.rule_log")),
    Fault("a seeded row is forgotten", _statements(lambda sql: sql + " offset 1" if "unnest" in sql and "returning" not in sql else sql)),
    Fault("seeded rows come twice", _statements(lambda sql: sql.replace("from unnest", "from generate_series(1, 2), unnest") if '"keyless"' in sql or ".keyless" in sql else sql)),
    Fault("DELETE reaches heirs", _statements(lambda sql: sql.replace("delete from only", "delete from"))),
    Fault("tables that were filled are not emptied", _statements(lambda sql: None if sql.startswith("delete from only") and "ctid" not in sql else sql)),
    Fault("the last column is not restored", _after(relations, "_parse", _without_last_column)),
    Fault("prepared transactions are skipped", _window(prepared=False)),
    Fault("open transactions are not ended", _window(busy=())),
    Fault("our own transactions are taken to be more than they are", _after(work.Work, "undo", lambda own, *_: own + [str(int(own[-1]) + more) for more in range(1, 4)] if own else own)),
    Fault("COPY is not heard", _deaf_to(lambda change: change.record.startswith("MULTI_INSERT"))),
    Fault("first rows of a page are not heard", _deaf_to(lambda change: change.record.endswith("+INIT"))),
    Fault("updates are not heard", _deaf_to(lambda change: change.record.startswith("UPDATE"))),
    Fault("updates in place are not heard", _deaf_to(lambda change: change.record.startswith("HOT_UPDATE"))),
    Fault("deletes are not heard", _deaf_to(lambda change: change.record.startswith("DELETE"))),
    Fault("unlogged tables are skipped", _after(mirror.Mirror, "__init__", lambda _, self, *__: self.unlogged.clear())),
    Fault("large objects are skipped", _found(large_objects=False)),
    Fault("a changed catalogue is taken for equal", _instead(work, "differing", lambda *_: [])),
    Fault("only one catalogue is compared", _after(records, "_note_catalogue", lambda _, found, *__: found.catalogues.intersection_update({"pg_class"})), 400),
    Fault("writes to what databases share are ignored", _found(shared=False)),
    Fault("roles are not undone", _instead(shared.SharedState, "differences", lambda _: [])),
    Fault("rewritten tables are overlooked", _after(work.Work, "_reload_files", lambda *_: set())),
    Fault("materialized views are overlooked", _instead(work, "changed_views", lambda *_: []), structure="materialized view"),
    Fault("rows too many stay in large tables", _patched(lambda patch: dataclasses.replace(patch, surplus=()))),
    Fault("rows lost from large tables do not return", _patched(lambda patch: dataclasses.replace(patch, missing=()))),
    Fault("one lost row does not return", _patched(lambda patch: dataclasses.replace(patch, missing=patch.missing[1:]))),
    Fault("only one block is compared", _planned(lambda plan: [written.difference_update(sorted(written)[1:]) for written in plan.patch.values()])),
    Fault("a window is read as empty when it is long", _window(too_long=False)),
    Fault("the facts of the first baseline are used after a push", _instead(engine.WalReset, "_baseline", property(lambda self: self._baselines[0]))),
    Fault("a push is taken for one that changes nothing", _instead(engine, "is_unwritten", lambda *_: True)),
    Fault("a pop restores nothing", _instead(engine.WalReset, "pop", lambda self, _: (self._baselines.pop(), setattr(self, "_pristine", True)))),
    Fault("the log begins after the next test", _after(log.Log, "advance", lambda _, self, *__: setattr(self, "_expected", _next_transaction(self)))),
)  # fmt: skip


def _next_transaction(self: log.Log) -> str:
    """The id that the next transaction gets, and with it the fast path that says nothing was written."""
    (((found,),),) = self._control.query("select pg_snapshot_xmax(pg_current_snapshot())::xid")
    return str(int(str(found)) + 1)
