"""A server with a schema, an engine on it, and a full comparison of the tested database with a mirror."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.cluster import Cluster, Credential, Login
from seatrial.postgres.isolation import WalReset
from seatrial.postgres.isolation.wal import why_not
from seatrial.postgres.server import (
    ADMIN_ROLE,
    EmbeddedServer,
    ReservedPort,
    ServerOptions,
    find_binaries,
    prepared_data,
)

DATABASE = "tested"
TEMPLATE = "template_of_tested"


@dataclass
class Sea:
    """One engine on one server."""

    cluster: Cluster
    server: EmbeddedServer
    engine: WalReset
    replaced: int = 0
    mirrors: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: list[psycopg.Connection[Any]] = field(default_factory=list)

    @contextlib.contextmanager
    def replacing(self) -> Iterator[None]:
        self.replaced += 1
        yield

    def connect(self, database: str = DATABASE, *, login: Login = "owner") -> psycopg.Connection[Any]:
        """A session of a test, as a rule the owner's, who is no superuser."""
        session = self.cluster.connect(database, login=login)
        self.sessions.append(session)
        return session

    def run(self, *statements: str, admin: bool = False) -> psycopg.Cursor[Any]:
        session = self.connect(login="admin" if admin else "owner")
        for statement in statements:
            cursor = session.execute(statement.encode())
        return cursor

    def disconnect(self) -> None:
        for session in self.sessions:
            session.close()

    def restore(self) -> None:
        self.engine.restore(self.replacing)
        self.engine.hand_over()

    def difference(self) -> dict[str, Any]:
        """What is not as in the baseline, in full."""
        mirror = self.engine._baseline.mirror().database
        if mirror not in self.mirrors:
            self.mirrors[mirror] = snapshot(self.cluster, mirror)
        theirs = self.mirrors[mirror]
        ours = snapshot(self.cluster, DATABASE)
        return {
            name: (ours.get(name), theirs.get(name))
            for name in ours.keys() | theirs.keys()
            if ours.get(name) != theirs.get(name)
        }

    def outcome(self) -> str:
        """Restore, compare, and tell how it was done: untouched, reset, or why a fresh copy was needed."""
        tally = self.engine.tally
        before = (tally.untouched, tally.reset, tally.replaced, dict(tally.reasons))
        self.restore()
        assert self.difference() == {}
        if tally.replaced > before[2]:
            return next(
                reason for reason in tally.reasons if tally.reasons[reason] > before[3].get(reason, 0)
            )
        return "untouched" if tally.untouched > before[0] else "reset"


def snapshot(cluster: Cluster, database: str) -> dict[str, Any]:
    """Rows of every table in physical order, every sequence, the catalogues, and the server's roles."""
    with cluster.connect(database, options="-c search_path= -c extra_float_digits=1") as session:
        found: dict[str, Any] = {}
        relations = session.execute(
            "select c.oid::regclass::text, c.relkind::text "
            "from pg_class c join pg_namespace n on n.oid = relnamespace "
            "where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') "
            "and relkind in ('r', 'm', 'S') and relpersistence <> 't'"
        ).fetchall()
        for name, kind in relations:
            columns = "last_value, is_called" if kind == "S" else "(x.*)::text"
            order = "" if kind == "S" or "big" not in name else " order by 1"
            only = "" if kind == "S" else "only"
            found[name] = session.execute(f"select {columns} from {only} {name} x{order}".encode()).fetchall()
        for catalogue, hidden in _CATALOGUES.items():
            temporary = "where nspname !~ '^pg_(toast_)?temp_'" if catalogue == "pg_namespace" else ""
            found[catalogue] = session.execute(
                "select count(*), md5(string_agg(row, '|' order by row)) from "
                f"(select (to_jsonb(c) - '{{{hidden}}}'::text[])::text as row "
                f"from pg_catalog.{catalogue} c {temporary}) x".encode()
            ).fetchall()
        found["large objects"] = session.execute("select loid, pageno, data from pg_largeobject").fetchall()
        found["settings"] = session.execute(
            "select s.setrole, s.setconfig "
            "from pg_db_role_setting s left join pg_database d on d.oid = setdatabase "
            "where d.datname is null or d.datname = current_database() order by 1"
        ).fetchall()
    return json.loads(json.dumps(found, default=str))


_CATALOGUES = {
    "pg_class": "relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,"
    "relhasindex,relhastriggers,relhasrules,relhassubclass",
    **dict.fromkeys(
        ("pg_attribute", "pg_type", "pg_proc", "pg_constraint", "pg_index", "pg_trigger", "pg_rewrite"), ""
    ),
    **dict.fromkeys(
        (
            "pg_namespace",
            "pg_depend",
            "pg_description",
            "pg_enum",
            "pg_extension",
            "pg_policy",
            "pg_sequence",
        ),
        "",
    ),
    **dict.fromkeys(("pg_attrdef", "pg_inherits", "pg_event_trigger", "pg_largeobject_metadata"), ""),
}


@contextlib.contextmanager
def serve(cache: Path) -> Iterator[tuple[Cluster, EmbeddedServer]]:
    """A server without a schema."""
    binaries = find_binaries()
    port = ReservedPort.reserve()
    source = prepared_data(binaries, CacheFolder(cache))
    server = EmbeddedServer.start(source=source, binaries=binaries, port=port.port, options=ServerOptions())
    try:
        owner = Credential("owner", "secret")
        admin = {"host": str(server.socket_dir), "port": port.port, "user": ADMIN_ROLE, "dbname": "postgres"}
        cluster = Cluster(
            kind="embedded",
            version=180000,
            host="127.0.0.1",
            port=port.port,
            admin=admin,
            superuser=True,
            owner=owner,
            app=owner,
        )
        with cluster.connect("postgres") as session:
            session.execute("create role owner login createrole createdb password 'secret'")
        assert why_not(cluster) is None
        yield cluster, server
    finally:
        server.stop()
        port.release()


def drop_all(cluster: Cluster) -> None:
    """Whatever a test left, so that the next one is not concerned."""
    with cluster.connect("postgres") as admin:
        rows = admin.execute("select datname from pg_database where datname !~ '^(postgres|template[01])$'")
        for (name,) in rows.fetchall():
            admin.execute(f'drop database "{name}" with (force)'.encode())


@contextlib.contextmanager
def sail(cluster: Cluster, server: EmbeddedServer, schema: str) -> Iterator[Sea]:
    """An engine on a schema, handed over to a first test."""
    with contextlib.ExitStack() as stack:

        def as_admin(statement: str) -> None:
            with cluster.connect("postgres") as admin:
                admin.execute(statement.encode())

        as_admin(f"create database {TEMPLATE} owner owner")
        stack.callback(drop_all, cluster)
        with cluster.connect(TEMPLATE, login="owner") as owner:
            owner.execute(schema.encode())
        engine = WalReset(cluster, database=DATABASE, template=TEMPLATE)
        sea = Sea(cluster, server, engine)
        stack.callback(engine.close, drop_databases=True)
        stack.callback(sea.disconnect)
        engine.open()
        engine.hand_over()
        yield sea
