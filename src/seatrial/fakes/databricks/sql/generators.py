"""Functions that make rows: in lateral views, in FROM and in the list of a SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from seatrial.fakes.databricks.sql.errors import NotServed

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_RANGE = 10_000_000
"""Numbers of a `range()`, which are all in memory at once: 80 MB."""
_EXPLODING = ("explode", "explode_outer", "posexplode", "posexplode_outer")


def spread(tree: exp.Expr, type_of: Callable[[exp.Column], str | None]) -> exp.Expr:
    """The same tree, with subqueries in place of lateral views and of functions in FROM."""
    for select in list(tree.find_all(exp.Select)):
        _lateral_views(select, type_of)
        _in_list(select, type_of)
    for lateral in list(tree.find_all(exp.Lateral)):
        if isinstance(lateral.this, exp.Anonymous):
            lateral.replace(_joined(lateral, type_of))
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Anonymous):
            _in_from(table, type_of)
    for values in list(tree.find_all(exp.Values)):
        _name_columns(values)
    return tree


def _lateral_views(select: exp.Select, type_of: Callable[[exp.Column], str | None]) -> None:
    views = select.args.get("laterals") or []
    if not views:
        return
    joins = [exp.Join(this=_joined(view, type_of), kind="CROSS") for view in views]
    select.set("laterals", [])
    select.set("joins", [*(select.args.get("joins") or []), *joins])


def _joined(view: exp.Lateral, type_of: Callable[[exp.Column], str | None]) -> exp.Lateral:
    call = view.this
    alias = view.args.get("alias")
    name = alias.name if alias is not None and alias.name else "_made"
    columns = [column.name for column in alias.args.get("columns") or []] if alias is not None else []
    query = made(call, columns, outer=bool(view.args.get("outer")), type_of=type_of)
    shown = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    return exp.Lateral(this=exp.Subquery(this=query), alias=shown)


def made(
    call: exp.Anonymous, columns: list[str], *, outer: bool, type_of: Callable[[exp.Column], str | None]
) -> exp.Select:
    """The rows that a function makes, as a query.

    Args:
        call: `explode(...)` and its like.
        columns: the names that were given to its columns; none: its own.
        outer: whether nothing makes one row of NULL.
        type_of: the declared type of a column.

    Raises:
        NotServed: it is another function.
    """
    name = call.name.lower()
    if name not in _EXPLODING or len(call.expressions) != 1:
        raise NotServed(f"the table function {name}()")
    outer = outer or name.endswith("_outer")
    subject = call.expressions[0]
    positioned = name.startswith("posexplode")
    given = columns[1:] if positioned else columns
    if len(given) == 2 or _is_map(subject, type_of):  # noqa: PLR2004 - key and value
        if positioned:
            raise NotServed("posexplode() of a map")
        return _entries(subject, given or ["key", "value"], outer=outer)
    return _elements(subject, columns or (["pos", "col"] if positioned else ["col"]), outer=outer)


def _is_map(subject: exp.Expr, type_of: Callable[[exp.Column], str | None]) -> bool:
    if isinstance(subject, exp.Column):
        return (type_of(subject) or "").startswith("MAP<")
    return (
        isinstance(subject, exp.Anonymous)
        and subject.name.lower().startswith("map")
        and subject.name.lower()
        in (
            "map",
            "map_concat",
            "map_from_arrays",
            "map_from_entries",
        )
    )


def _call(name: str, *nodes: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(nodes))


def _named(node: exp.Expr, name: str) -> exp.Alias:
    return exp.Alias(this=node, alias=exp.to_identifier(name, quoted=True))


def _elements(subject: exp.Expr, columns: list[str], *, outer: bool) -> exp.Select:
    name = "explode_outer" if outer else "explode"
    nodes = [_named(_call(name, subject.copy()), columns[-1])]
    if len(columns) > 1:
        if outer:
            raise NotServed("posexplode_outer()")
        nodes.insert(0, _named(_call(" positions", subject.copy()), columns[0]))
    return exp.Select(expressions=nodes)


def _entries(subject: exp.Expr, columns: list[str], *, outer: bool) -> exp.Select:
    inner = exp.Select(
        expressions=[
            _named(_call("explode_outer" if outer else "explode", _call("map_entries", subject.copy())), "e")
        ]
    )
    table = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("_q", quoted=True)))
    fields = [
        _named(
            exp.Dot(this=exp.column("e", table="_q", quoted=True), expression=exp.to_identifier(part)), name
        )
        for part, name in zip(("key", "value"), columns, strict=True)
    ]
    return exp.Select(expressions=fields, from_=exp.From(this=table))


def _in_list(select: exp.Select, type_of: Callable[[exp.Column], str | None]) -> None:
    for node in list(select.expressions):
        call = node.unalias() if isinstance(node, exp.Alias) else node
        if isinstance(node, exp.Aliases):
            call = node.this
        if not (isinstance(call, exp.Anonymous) and call.name.lower() in _EXPLODING):
            continue
        if (
            call.name.lower().startswith("pos")
            or isinstance(node, exp.Aliases)
            or _is_map(call.expressions[0], type_of)
        ):
            raise NotServed(f"{call.name}() with several columns in the list of a SELECT (use LATERAL VIEW)")


def _in_from(table: exp.Table, type_of: Callable[[exp.Column], str | None]) -> None:
    call = table.this
    alias = table.args.get("alias")
    columns = [column.name for column in alias.args.get("columns") or []] if alias is not None else []
    name = alias.name if alias is not None and alias.name else call.name.lower()
    if call.name.lower() == "range":
        _check_length(call)
        query = exp.Select(expressions=[_named(_call(" range", *call.expressions), (columns or ["id"])[0])])
    else:
        query = made(call, columns, outer=False, type_of=type_of)
    shown = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    table.replace(exp.Subquery(this=query, alias=shown))


def _check_length(call: exp.Anonymous) -> None:
    try:
        length = len(range(*(int(node.sql()) for node in call.expressions)))
    except (ValueError, TypeError):
        return  # no plain numbers, or no range at all
    except OverflowError:
        length = LONGEST_RANGE + 1
    if length > LONGEST_RANGE:
        raise NotServed(f"range() of more than {LONGEST_RANGE:,} numbers")


def _name_columns(values: exp.Values) -> None:
    alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_values", quoted=True))
    if alias.args.get("columns"):
        return
    first = values.expressions[0] if values.expressions else None
    count = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    alias.set("columns", [exp.to_identifier(f"col{n}", quoted=True) for n in range(1, count + 1)])
    if values.find_ancestor(exp.From, exp.Join) is not None and isinstance(
        values.parent, (exp.From, exp.Join)
    ):
        values.set("alias", alias)
