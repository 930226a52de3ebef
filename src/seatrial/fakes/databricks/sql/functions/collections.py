"""Functions of arrays, maps and structs."""

from __future__ import annotations

from seatrial.fakes.databricks.sql.functions.entry import either, one

_SIZE = one("CAST(len($0) AS INTEGER)", "INT")

TABLE = {
    "array": one("[$*]", "array"),
    "array_size": _SIZE,
    "array_contains": one("dbx_array_contains($0, $1)", "BOOLEAN"),
    "array_position": one("coalesce(CAST(list_position($0, $1) AS BIGINT), 0)", "BIGINT"),
    "array_distinct": one("dbx_distinct($0)", "=0"),
    "array_union": one("dbx_distinct(list_concat($0, $1))", "=0"),
    "array_intersect": one("list_filter(dbx_distinct($0), lambda one : list_contains($1, one))", "=0"),
    "array_except": one("list_filter(dbx_distinct($0), lambda one : NOT list_contains($1, one))", "=0"),
    "array_remove": one("list_filter($0, lambda one : (one <> $1) IS NOT FALSE)", "=0"),
    "array_append": one("list_append($0, $1)", "=0"),
    "array_prepend": one("list_prepend($1, $0)", "=0"),
    "array_compact": one("list_filter($0, lambda one : one IS NOT NULL)", "=0"),
    "array_max": one("list_max($0)", "e0"),
    "array_min": one("list_min($0)", "e0"),
    "array_join": either(
        one("array_to_string($0, $1s)", "STRING"),
        one("array_to_string(list_transform($0, lambda one : coalesce(one, $2s)), $1s)", "STRING"),
    ),
    "array_repeat": one("list_transform(range($1i), lambda one : $0)", "[0"),
    "array_sort": one("list_sort($0, 'ASC', 'NULLS LAST')", "=0"),
    "sort_array": either(
        one("list_sort($0, 'ASC', 'NULLS FIRST')", "=0"),
        one(
            "CASE WHEN $1 THEN list_sort($0, 'ASC', 'NULLS FIRST') "
            "ELSE list_sort($0, 'DESC', 'NULLS LAST') END",
            "=0",
        ),
    ),
    "arrays_overlap": one("list_has_any($0, $1)", "BOOLEAN"),
    "flatten": one("flatten($0)", "e0"),
    "slice": one("dbx_slice($0, $1i, $2i)", "=0"),
    "sequence": either(one("generate_series($0, $1)", "[0"), one("generate_series($0, $1, $2)", "[0")),
    "get": one("CASE WHEN $1i >= 0 THEN list_extract($0, $1i + 1) END", "e0"),
    "transform": one("list_transform($0, $1)", "?"),
    "filter": one("list_filter($0, $1)", "=0"),
    "exists": one("dbx_any(list_transform($0, $1))", "BOOLEAN"),
    "forall": one("dbx_all(list_transform($0, $1))", "BOOLEAN"),
    "aggregate": one("list_reduce($0, $2, $1)", "=1"),
    "reduce": one("list_reduce($0, $2, $1)", "=1"),
    "map": one("$*", "map", least=0),
    "map_keys": one("map_keys($0)", "?"),
    "map_values": one("map_values($0)", "?"),
    "map_entries": one("map_entries($0)", "?"),
    "map_from_arrays": one("map($0, $1)", "?"),
    "map_from_entries": one("map_from_entries($0)", "?"),
    "map_concat": one("map_concat($*)", "=0", least=1),
    "map_contains_key": one("map_contains($0, $1)", "BOOLEAN"),
    "named_struct": one("$*", "struct", least=2),
    "struct": one("$*", "struct", least=1),
    "explode": one("unnest($0)", "e0"),
    "explode_outer": one("unnest(CASE WHEN len($0) > 0 THEN $0 ELSE [NULL] END)", "e0"),
}
