"""SHOW, DESCRIBE and USE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seatrial.fakes.databricks.sql.catalogue import View
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import catalog_not_found, schema_not_found, table_not_found
from seatrial.fakes.databricks.sql.names import (
    INFORMATION_SCHEMA,
    TableName,
    folded,
    to_catalog,
    to_schema,
    to_table,
)
from seatrial.fakes.databricks.sql.results import Result, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seatrial.fakes.databricks.sql.catalogue import Relation
    from seatrial.fakes.databricks.sql.running import Run
    from seatrial.fakes.databricks.sql.words import Words

_DESCRIBED = {"col_name": "STRING", "data_type": "STRING", "comment": "STRING"}


def show(run: Run, words: Words) -> Result:
    """`SHOW ...`."""
    if words.take("CATALOGS"):
        names = [
            name
            for name in sorted(run.store.catalogue.catalogs)
            if run.session.sees(to_catalog(name, "USE_CATALOG"))
        ]
        return _named({"catalog": "STRING"}, names, words)
    if words.take("SCHEMAS") or words.take("DATABASES"):
        return _schemas(run, words)
    if words.take("TABLES"):
        return _tables(run, words)
    if words.take("VIEWS"):
        return _views(run, words)
    if words.take("COLUMNS"):
        return _columns(run, words)
    raise NotServed(f"SHOW {words.here.upper()}")


def _named(columns: dict[str, str], names: Iterable[str], words: Words) -> Result:
    fits = _pattern(words)
    return listed(columns, [[name] for name in names if fits(name)])


def _pattern(words: Words) -> Callable[[str], object]:
    words.take("LIKE")
    text = words.text() if words.here else "*"
    words.end()
    parts = (".*".join(re.escape(piece) for piece in part.split("*")) for part in text.split("|"))
    return re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE).fullmatch


def _in(words: Words) -> list[str]:
    return words.name() if words.take("IN") or words.take("FROM") else []


def _schemas(run: Run, words: Words) -> Result:
    given = _in(words)
    catalog = folded(given[0]) if given else run.session.catalog
    held = run.store.catalogue.catalogs.get(folded(catalog))
    if held is None:
        raise catalog_not_found(catalog)
    run.allow([to_catalog(catalog, "USE_CATALOG")])
    names = [name for name in held if run.session.sees(to_schema(catalog, name, "USE_SCHEMA"))]
    return _named({"databaseName": "STRING"}, sorted([*names, INFORMATION_SCHEMA]), words)


def _schema(run: Run, given: list[str]) -> tuple[str, str]:
    catalog = folded(given[-2]) if len(given) > 1 else run.session.catalog
    schema = folded(given[-1]) if given else run.session.schema
    run.reader(run.store.catalogue).check_schema(catalog, schema)
    run.allow([to_schema(catalog, schema, "USE_SCHEMA")])
    return folded(catalog), folded(schema)


def _relations(run: Run, given: list[str]) -> list[Relation]:
    place = _schema(run, given)
    return [
        found
        for found in run.store.catalogue.relations()
        if (found.name.catalog, found.name.schema) == place
        and run.session.sees(to_table(found.name, "SELECT"))
    ]


def _tables(run: Run, words: Words) -> Result:
    found = _relations(run, _in(words))
    fits = _pattern(words)
    rows = [[one.name.schema, one.name.table, "false"] for one in found if fits(one.name.table)]
    return listed({"database": "STRING", "tableName": "STRING", "isTemporary": "BOOLEAN"}, rows)


def _views(run: Run, words: Words) -> Result:
    found = [one for one in _relations(run, _in(words)) if isinstance(one, View)]
    fits = _pattern(words)
    rows = [[one.name.schema, one.name.table, "false", "false"] for one in found if fits(one.name.table)]
    names = {
        "namespace": "STRING",
        "viewName": "STRING",
        "isTemporary": "BOOLEAN",
        "isMaterialized": "BOOLEAN",
    }
    return listed(names, rows)


def _columns(run: Run, words: Words) -> Result:
    if not (words.take("IN") or words.take("FROM")):
        words.expect("IN")
    name = words.name()
    schema = _in(words)
    words.end()
    found = _found(run, [*schema, name[-1]] if schema else name)
    return listed({"col_name": "STRING"}, [[column.name] for column in found.columns])


def _found(run: Run, parts: list[str]) -> Relation:
    missing = [run.session.catalog, run.session.schema][: max(3 - len(parts), 0)]
    name = TableName(*[*missing, *parts][-3:])
    found = run.store.catalogue.find(name)
    if found is None:
        raise table_not_found(name.quoted)
    run.allow([to_table(name, "SELECT")])
    return found


def describe(run: Run, words: Words) -> Result:
    """`DESCRIBE` of a table, a schema or a catalog."""
    for refused in ("DETAIL", "HISTORY", "QUERY", "FUNCTION", "VOLUME"):
        if words.take(refused):
            raise NotServed(f"DESCRIBE {refused}")
    if words.take("SCHEMA") or words.take("DATABASE"):
        words.take("EXTENDED")
        catalog, schema = _schema(run, words.name())
        words.end()
        rows = [["Catalog Name", catalog], ["Namespace Name", schema]]
        return listed({"database_description_item": "STRING", "database_description_value": "STRING"}, rows)
    if words.take("CATALOG"):
        words.take("EXTENDED")
        (catalog,) = words.name()
        words.end()
        if not run.store.catalogue.has_catalog(catalog):
            raise catalog_not_found(catalog)
        run.allow([to_catalog(folded(catalog), "USE_CATALOG")])
        return listed({"info_name": "STRING", "info_value": "STRING"}, [["Catalog Name", folded(catalog)]])
    words.take("TABLE")
    extended = words.take("EXTENDED")
    found = _found(run, words.name())
    words.end()
    return listed(_DESCRIBED, _described(found, extended=extended))


def _described(found: Relation, *, extended: bool) -> list[list[str | None]]:
    rows: list[list[str | None]] = [
        [column.name, column.type_text.lower(), column.comment] for column in found.columns
    ]
    if extended:
        kind = "VIEW" if isinstance(found, View) else "MANAGED"
        rows += [
            ["", "", ""],
            ["# Detailed Table Information", "", ""],
            ["Catalog", found.name.catalog, ""],
            ["Database", found.name.schema, ""],
            ["Table", found.name.table, ""],
            ["Type", kind, ""],
        ]
        if found.comment is not None:
            rows.append(["Comment", found.comment, ""])
    return rows


def use(run: Run, words: Words) -> Result:
    """`USE` and `SET CATALOG`: where names begin from now on."""
    if words.take("CATALOG"):
        parts = [words.text()] if words.is_text else words.name()
        words.end()
        (catalog,) = parts
        if not run.store.catalogue.has_catalog(catalog):
            raise catalog_not_found(catalog)
        run.allow([to_catalog(folded(catalog), "USE_CATALOG")])
        return Result(catalog=folded(catalog), schema="default")
    if not words.take("SCHEMA"):
        words.take("DATABASE")
    parts = words.name()
    words.end()
    catalog = folded(parts[-2]) if len(parts) > 1 else folded(run.session.catalog)
    if not run.store.catalogue.has_schema(catalog, parts[-1]):
        raise schema_not_found(catalog, parts[-1])
    run.allow([to_schema(catalog, folded(parts[-1]), "USE_SCHEMA")])
    return Result(catalog=catalog, schema=folded(parts[-1]))
