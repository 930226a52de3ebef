"""Whether the system catalogues of two databases say the same, whatever DDL came and went in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from seatrial.postgres.isolation.wal.session import Session

# TRUNCATE and REINDEX give a relation another file, VACUUM keeps figures, and the flags say "once had":
# pg_index, pg_trigger, pg_rewrite and pg_inherits know what is there, and a change of those is seen.
_NOT_CONTENT = {
    "pg_class": (
        "relfilenode",
        "relpages",
        "reltuples",
        "relallvisible",
        "relallfrozen",
        "relfrozenxid",
        "relminmxid",
        "relhasindex",
        "relhasrules",
        "relhastriggers",
        "relhassubclass",
    ),
}

# A session that once had a temporary table leaves its empty schema behind.
_FILTERS = {"pg_namespace": "nspname !~ '^pg_(toast_)?temp_[0-9]+$'"}

_COLUMNS = """
select attrelid::regclass, string_agg('c.' || quote_ident(attname), ', ' order by attnum)
from pg_catalog.pg_attribute a
where attnum > 0 and not attisdropped and ({chosen})
group by 1
"""


class CatalogueReader:
    """Digests of the system catalogues of one database.

    A digest is the number of rows and the sum of a 64-bit hash of each: equal rows may occur twice
    (in `pg_depend`), and their order means nothing.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[str | None, ...]] = {}

    def digests(self, names: Collection[str]) -> dict[str, tuple[str | None, ...]]:
        """The digests of catalogues of a database that changes."""
        columns = self._columns(names)
        (rows,) = self._session.query(" union all ".join(_digest(name, columns[name]) for name in names))
        return {str(name): tuple(digest) for name, *digest in rows}

    def constant_digests(self, names: Collection[str]) -> dict[str, tuple[str | None, ...]]:
        """The same, of a database that nobody changes: each is read once."""
        if missing := [name for name in names if name not in self._known]:
            self._known |= self.digests(missing)
        return {name: self._known[name] for name in names}

    def _columns(self, names: Collection[str]) -> dict[str, str]:
        chosen = " or ".join(_is_content(name) for name in names)
        (rows,) = self._session.query(_COLUMNS.format(chosen=chosen))
        return {str(name): str(columns) for name, columns in rows}


def _is_content(name: str) -> str:
    left_out = ", ".join(f"'{column}'" for column in _NOT_CONTENT.get(name, ("",)))
    return f"attrelid = 'pg_catalog.{name}'::regclass and attname not in ({left_out})"


def _digest(name: str, columns: str) -> str:
    where = f" where {_FILTERS[name]}" if name in _FILTERS else ""
    return (
        f"select '{name}', count(*), sum(hashtextextended(row({columns})::text, 0)) "
        f"from pg_catalog.{name} c{where}"
    )


def differing(work: CatalogueReader, mirror: CatalogueReader, names: Collection[str]) -> list[str]:
    """Those of the named catalogues that do not say the same."""
    if not names:
        return []
    ours, theirs = work.digests(names), mirror.constant_digests(names)
    return sorted(name for name in names if ours[name] != theirs[name])
