"""Which statement is run by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import TokenType, exp

from seatrial.fakes.databricks.sql import altering, changing, defining, merging, showing
from seatrial.fakes.databricks.sql.errors import NotServed
from seatrial.fakes.databricks.sql.failures import already_exists, catalog_not_found, failure, syntax_error
from seatrial.fakes.databricks.sql.names import folded, quoted, to_catalog
from seatrial.fakes.databricks.sql.results import Change, Result
from seatrial.fakes.databricks.sql.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlglot import Token

    from seatrial.fakes.databricks.sql.parameters import Bound
    from seatrial.fakes.databricks.sql.running import Run

_TREES = frozenset(
    {
        *("SELECT", "WITH", "VALUES", "FROM", "(", "INSERT", "UPDATE", "DELETE", "MERGE"),
        *("CREATE", "DROP", "ALTER", "TRUNCATE", "COMMENT"),
    }
)
_REFUSED = frozenset(
    {
        *("ADD", "APPLY", "BEGIN", "CACHE", "CALL", "CLEAR", "COMMIT", "CONVERT", "COPY", "DECLARE", "DENY"),
        *("EXECUTE", "EXPLAIN", "FSCK", "GENERATE", "GET", "GRANT", "INSPECT", "LIST", "LOAD", "MSCK", "PUT"),
        *("REMOVE", "REORG", "REPAIR", "RESET", "RESTORE", "REVOKE", "ROLLBACK", "SIGNAL", "SYNC", "TABLE"),
        *("UNCACHE", "UNDROP"),
    }
)
_ZONES = frozenset({"utc", "etc/utc", "gmt", "+00:00", "z"})


def by_words(run: Run, words: Sequence[Token], bound: Bound) -> Result | None:
    """Run a statement that is read word by word; None for the others.

    Raises:
        SqlFailure: it fails, or begins as no statement does.
        NotServed: it is not served.
    """
    if all(word.token_type == TokenType.SEMICOLON for word in words):
        raise failure("PARSE_EMPTY_STATEMENT", "Syntax error, unexpected empty statement.")
    first = words[0].text.upper()
    left = Words(words, bound)
    left.take(first)
    simple = _SIMPLE.get(first)
    if simple is not None:
        return simple(run, left)
    if first in ("CREATE", "DROP") and left.take("CATALOG"):
        return _create_catalog(run, left) if first == "CREATE" else _drop_catalog(run, left)
    if first in _REFUSED:
        raise NotServed(f"the statement {first}")
    if first not in _TREES:
        raise syntax_error(words[0].text, position=int(words[0].start))
    return None


def by_tree(run: Run, tree: exp.Expr, text: str) -> Result:
    """Run a statement that is no query.

    Raises:
        SqlFailure: it fails.
        NotServed: it is not served.
    """
    if isinstance(tree, exp.Create):
        return defining.create(run, tree, text)
    for kind, execute in _BY_TREE.items():
        if isinstance(tree, kind):
            return execute(run, tree)
    raise NotServed(f"a statement of the kind {type(tree).__name__}")


def _idle(run: Run, words: Words) -> Result:
    words.take("TABLE")
    name = words.name()
    node = exp.Table(
        **dict(
            zip(("this", "db", "catalog"), [exp.to_identifier(part) for part in reversed(name)], strict=False)
        )
    )
    with run.store.writing(run.task) as work:
        changing.target(run, work, node)
    return Result()


def _set(run: Run, words: Words) -> Result:
    if words.here.upper() == "CATALOG":
        return showing.use(run, words)
    name = "timezone" if words.take("TIME", "ZONE") else ".".join(words.name()).lower()
    words.take("=")
    value = words.text() if words.is_text else ".".join(words.name())
    words.end()
    fits = {"timezone": value.lower() in _ZONES, "ansi_mode": value.lower() == "true"}
    if not fits.get(name, False):
        raise NotServed(f"SET {name} = {value}")
    return Result()


def _create_catalog(run: Run, words: Words) -> Result:
    exists = words.take("IF", "NOT", "EXISTS")
    (name,) = words.name()
    if words.take("COMMENT"):
        words.text()
    words.end()
    with run.store.writing(run.task) as work:
        run.allow([to_catalog(folded(name), "CREATE_CATALOG")])
        if work.catalogue.has_catalog(name):
            if exists:
                return Result()
            raise already_exists("CATALOG", quoted(name))
        work.catalogue = work.catalogue.with_catalog(name, work.version())
    return Result(changes=(Change(action="created", kind="CATALOG", name=(folded(name),)),))


def _drop_catalog(run: Run, words: Words) -> Result:
    exists = words.take("IF", "EXISTS")
    (name,) = words.name()
    cascade = words.take("CASCADE")
    words.take("RESTRICT")
    words.end()
    with run.store.writing(run.task) as work:
        held = work.catalogue.catalogs.get(folded(name))
        if held is None:
            if exists:
                return Result()
            raise catalog_not_found(name)
        run.allow([to_catalog(folded(name), "MANAGE")])
        if not cascade and (set(held) != {"default"} or any(schema.relations for schema in held.values())):
            raise failure(
                "CATALOG_NOT_EMPTY", f"Cannot drop the catalog {quoted(name)} because it contains objects."
            )
        work.catalogue = work.catalogue.without_catalog(name, work.version())
    return Result(changes=(Change(action="dropped", kind="CATALOG", name=(folded(name),)),))


_SIMPLE: dict[str, Callable[[Run, Words], Result]] = {
    "SHOW": showing.show,
    "DESCRIBE": showing.describe,
    "DESC": showing.describe,
    "USE": showing.use,
    "SET": _set,
    **dict.fromkeys(("OPTIMIZE", "VACUUM", "ANALYZE", "REFRESH"), _idle),
}
_BY_TREE: dict[type[exp.Expr], Callable[[Run, Any], Result]] = {
    exp.Insert: changing.insert,
    exp.Update: changing.update,
    exp.Delete: changing.delete,
    exp.Merge: merging.merge,
    exp.Drop: defining.drop,
    exp.Alter: altering.alter,
    exp.Comment: altering.comment,
    exp.TruncateTable: changing.truncate,
}
