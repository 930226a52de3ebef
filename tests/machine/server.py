"""The machine's server: a template of many kinds of tables, and restarts on demand."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.server import ADMIN_ROLE, EmbeddedServer, ReservedPort, ServerOptions, find_binaries
from seatrial.postgres.server.embedded import _wait_until_ready
from seatrial.postgres.server.prepare import prepared_data

if TYPE_CHECKING:
    from seatrial.postgres.cache import CacheFolder

SCHEMA = Path(__file__).with_name("schema.sql")
TEMPLATE = "machine_template"
MIRROR = "machine_mirror"
_OWNER = Credential("machine_owner", "open-sesame")
_SETTINGS = {"max_prepared_transactions": "10"}


@dataclass(frozen=True)
class MachineServer:
    """A running server with the template, and a copy of it that nobody changes."""

    server: EmbeddedServer
    port: ReservedPort
    cluster: Cluster

    @classmethod
    def start(cls, cache: CacheFolder, folder: str | None = None) -> MachineServer:
        """Start a server and fill the template."""
        binaries = find_binaries(folder)
        port = ReservedPort.reserve()
        options = ServerOptions(settings=_SETTINGS)
        server = EmbeddedServer.start(
            source=prepared_data(binaries, cache), binaries=binaries, port=port.port, options=options
        )
        started = cls(server, port, _cluster(server))
        try:
            started._fill()
        except BaseException:
            started.stop()
            raise
        return started

    def restart(self) -> None:
        """Shut the server down cleanly and start it on the same data."""
        launch = self.server._launch
        launch.supervised.signal(signal.SIGINT)
        assert launch.supervised.has_exited(within=60)
        launch.supervised.exit_status = None
        launch.spawn("postgres", "-D", self.server.data_dir)
        _wait_until_ready(launch, self.port.port)

    def drop_all_but_the_template(self) -> None:
        """Drop what an engine left when it failed."""
        with self.cluster.connect("postgres") as admin:
            kept = ["postgres", "template0", "template1", TEMPLATE, MIRROR]
            prepared = admin.execute("select gid, database from pg_prepared_xacts").fetchall()
            for gid, database in prepared:
                with self.cluster.connect(database) as there:
                    there.execute(f"rollback prepared '{gid}'".encode())
            names = admin.execute(
                "select datname from pg_database where datname <> all(%s)", [kept]
            ).fetchall()
            for (name,) in names:
                admin.execute(f"drop database {name} with (force)".encode())
            roles = admin.execute("select rolname from pg_roles where rolname like 'made\\_%'").fetchall()
            for (role,) in roles:
                admin.execute(f"drop role {role}".encode())
            admin.execute("alter role reader nocreatedb")
            admin.execute("alter role reader reset all")

    def stop(self) -> None:
        """Stop the server; nothing stays."""
        self.server.stop()
        self.port.release()

    def _fill(self) -> None:
        with self.cluster.connect("postgres") as admin:
            admin.execute(f"create role {_OWNER.user} login password '{_OWNER.password}'".encode())
            admin.execute("create role reader")
            admin.execute(f"create database {TEMPLATE} owner {_OWNER.user}".encode())
            with self.cluster.connect(TEMPLATE, login="owner") as connection:
                connection.execute(SCHEMA.read_text().encode())
            with self.cluster.connect(TEMPLATE) as connection:
                connection.execute("vacuum analyze")
            admin.execute(f"create database {MIRROR} owner {_OWNER.user} template {TEMPLATE}".encode())


def _cluster(server: EmbeddedServer) -> Cluster:
    admin = {"host": str(server.socket_dir), "port": server.port, "user": ADMIN_ROLE, "dbname": "postgres"}
    major, minor = map(int, server.version.split(".")[:2])
    return Cluster(
        kind="embedded",
        version=major * 10000 + minor,
        host="127.0.0.1",
        port=server.port,
        admin=admin,
        superuser=True,
        owner=_OWNER,
        app=_OWNER,
    )
