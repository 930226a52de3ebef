"""What statements make and take away, followed by Unity Catalog; and the other way round."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.unity.objects import Catalog, Column, Schema, Table, default_schema
from seatrial.fakes.databricks.unity.types import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.sql.engine import SqlEngine
    from seatrial.fakes.databricks.sql.names import TableName
    from seatrial.fakes.databricks.sql.results import Change
    from seatrial.fakes.databricks.workspace import State


def table_name(full: str) -> TableName:
    """The full name of a table, as the engine takes it."""
    from seatrial.fakes.databricks.sql.names import TableName  # noqa: PLC0415 - the extra

    catalog, schema, table = full.split(".")
    return TableName(catalog, schema, table)


def drop(engine: SqlEngine, full: str) -> None:
    """Take away what a name means."""
    parts = full.split(".")
    if len(parts) == 1:
        engine.drop_catalog(full)
    elif len(parts) == 2:  # noqa: PLR2004 - catalog and schema
        engine.drop_schema(*parts)
    else:
        engine.drop_table(table_name(full))


def follow(state: State, engine: SqlEngine, changes: Iterable[Change], caller: Person) -> None:
    """Make Unity Catalog say what is there after a statement; what is new belongs to the caller."""
    for change in changes:
        full = ".".join(change.name)
        if change.action == "dropped":
            state.store.remove(full)
            state.grants.forget(full)
        elif change.action == "renamed" and change.to is not None:
            state.store.rename(full, ".".join(change.to))
        elif change.action == "altered" and change.kind == "TABLE":
            state.store.change(full, columns=_columns(engine, full))
        elif change.action in {"created", "replaced"}:
            _put(state, engine, full, caller)


def _put(state: State, engine: SqlEngine, full: str, caller: Person) -> None:
    parts = full.split(".")
    told: dict[str, Any] = {"full_name": full, "owner": caller.name, "created": time.time()}
    if len(parts) == 1:
        state.store.put(made := Catalog(**told))
        state.store.put(default_schema(made))
    elif len(parts) == 2:  # noqa: PLR2004 - as above
        state.store.put(Schema(**told))
    else:
        found = engine.catalogue.find(table_name(full))
        state.store.put(
            Table(**told, columns=_columns(engine, full), view_definition=getattr(found, "text", None))
        )


def _columns(engine: SqlEngine, full: str) -> tuple[Column, ...]:
    return tuple(
        Column(name=one.name, type=parse(one.type_text), nullable=one.nullable, comment=one.comment)
        for one in engine.columns(table_name(full))
    )
