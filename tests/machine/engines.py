"""The engines the machine drives, and which operations each cannot answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seatrial.postgres.isolation import Clones, WalReset, why_not
from seatrial.postgres.isolation.triggers import TriggerReset
from tests.machine.server import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from seatrial.postgres.cluster import Cluster
    from seatrial.postgres.isolation import Isolation


@dataclass(frozen=True)
class Engine:
    """How to make an engine for a template, and what it does not claim to undo."""

    make: Callable[[Cluster, str, str], Isolation]
    lacking: frozenset[str]
    in_place: bool
    """Whether it claims to restore most programs without a copy."""
    copied: frozenset[str] = frozenset()
    """Operations that change no definitions, but which it answers with a copy all the same."""
    refusals: frozenset[str] = frozenset()
    """Codes of errors with which it may give up, in words to the user; a guess is never allowed."""
    keeps_objects: bool = True
    """Whether the catalogue stays the same to the last identifier; else only content is compared."""


def _clones(cluster: Cluster, database: str, template: str) -> Isolation:
    return Clones(cluster, database=database, template=template)


def _wal(cluster: Cluster, database: str, template: str) -> Isolation:
    reason = why_not(cluster)
    assert reason is None, reason
    return WalReset(cluster, database=database, template=template)


_SCHEMAS = (
    "select quote_ident(nspname) from pg_namespace where nspname !~ '^(pg_|information_schema|seatrial_)'"
)


def _named(cluster: Cluster, database: str, template: str) -> Isolation:
    """With the rights of the owner only, in a database that is there."""
    with cluster.connect(cluster.admin["dbname"]) as admin:
        admin.execute(f"create database {database} owner {cluster.owner.user} template {template}".encode())

    def build() -> None:
        with cluster.connect(database, login="owner") as connection:
            rows = connection.execute(_SCHEMAS).fetchall()
            for (schema,) in rows:
                connection.execute(f"drop schema {schema} cascade".encode())
            connection.execute("create schema public")
            connection.execute("select lo_unlink(oid) from pg_largeobject_metadata")
            connection.execute(SCHEMA.read_text().encode())

    external = replace(cluster, kind="external", superuser=False)
    return TriggerReset(external, database=database, build=build, note=lambda: None, keep=0)


ENGINES = {
    "wal": Engine(_wal, lacking=frozenset(), in_place=True),
    "clones": Engine(
        _clones,
        # Roles belong to the server; a copy of the database brings none back. Nor does it connect again.
        lacking=frozenset({"role", "prepared", "restart"}),
        in_place=False,
    ),
    "named": Engine(
        _named,
        # An owner cannot see or undo what superusers do, nor what belongs to the server.
        lacking=frozenset(
            {"role", "settings of the database", "extension", "superuser's rows", "prepared", "restart"}
        ),
        in_place=True,
        copied=frozenset({"large object"}),
        refusals=frozenset({"isolation.baseline-lost"}),
        keeps_objects=False,
    ),
}
