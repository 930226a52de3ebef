"""The embedded provider: a server of our own for this process, from a cached data directory."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.errors import ServerError
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.doorbell import Doorbell
from seatrial.postgres.kept import KeptRun, run_name
from seatrial.postgres.providers.base import Prepared, copies_or_reset
from seatrial.postgres.server import (
    ADMIN_ROLE,
    Binaries,
    EmbeddedServer,
    ReservedPort,
    ServerOptions,
    find_binaries,
    prepared_data,
)
from seatrial.postgres.sql import identifier, literal
from seatrial.postgres.template import TemplateReport, build_template, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.cluster import Login
    from seatrial.postgres.isolation import Isolation
    from seatrial.postgres.template import TemplatePlan

OWNER_ROLE = "seatrial_owner"
_TEMPLATE = "seatrial_template"
_REPORT = "template.json"
_MAINTENANCE = "postgres"
_ATTEMPTS = 20
_DAMAGED = ("server.died", "server.wrong-data")
"""Errors of a server whose data may be damaged in a way that the sizes of its files do not show."""
_KEPT_DAYS = 14


class EmbeddedProvider:
    """One server per process, on a port reserved at once and bound when the server starts."""

    outlives_us = False

    def __init__(self, settings: DatabaseSettings) -> None:
        self.database = "seatrial"
        self._settings = settings
        self._port = ReservedPort.reserve()
        self._owner = Credential(OWNER_ROLE, secrets.token_urlsafe(18))
        role = settings.app_role
        self._app = Credential(role, secrets.token_urlsafe(18)) if role else self._owner
        self._server: EmbeddedServer | None = None
        self._doorbell: Doorbell | None = None
        self._kept_as = run_name()

    def address(self, login: Login) -> DatabaseAddress:
        """The address of the tested database."""
        return self._cluster(self._port.port, admin={}, version=0).address(self.database, login=login)

    def on_first_connection(self, start: Callable[[], object]) -> None:
        """Listen on the reserved port until the server does."""
        self._doorbell = Doorbell(self._port.port, ring=start)

    def start(self, plan: TemplatePlan, *, rebuild: bool) -> Prepared:
        """Fetch or build the template's data directory and start the server on a copy of it."""
        binaries = find_binaries(self._settings.bin)
        cache = CacheFolder.locate()
        key = fingerprint(plan, server=f"{binaries.version} {binaries.bin}")
        built: list[str] = []

        def build(folder: Path) -> None:
            built.append(key)
            self._build(folder, plan, binaries, cache, key)

        cache.prune(older_than_days=_KEPT_DAYS)

        def fetch(*, fresh: bool) -> Path:
            return cache.entry(
                "templates", key, build, valid=lambda folder: _valid(folder) and (bool(built) or not fresh)
            )

        report, self._server = self._serve(fetch, binaries, fresh=rebuild)
        cluster = self._running_cluster(self._server, self._port.port)
        self._set_passwords(cluster)
        return Prepared(
            cluster=cluster,
            template=_TEMPLATE,
            report=report,
            cached=not built,
            server=f"PostgreSQL {binaries.version}, embedded",
        )

    def isolation(self, prepared: Prepared) -> Isolation:
        """A reset by the log where this server can, else fresh databases."""
        return copies_or_reset(prepared, self.database, kind=self._settings.isolation)

    def opens_kept(self, database: str) -> str:
        """The command that serves it again; this server ends with the run."""
        del database
        return f"seatrial db up --kept {self._kept_as}"

    def restart(self) -> None:
        """Restart the server, which was started; the address stays."""
        assert self._server is not None
        self._server = self._server.restart()

    def stop(self, *, kept: Mapping[str, str]) -> None:
        """Stop the server and remove its data, or keep them; free the port."""
        if self._doorbell is not None:
            self._doorbell.silence()
        if self._server is not None:
            if kept:
                self._keep(self._server, kept)
            self._server.stop()
            self._server = None
        self._port.release()

    def _keep(self, server: EmbeddedServer, kept: Mapping[str, str]) -> None:
        settings = (str(find_binaries(self._settings.bin).bin), self._settings.stand_ins)
        KeptRun.store(server, cache=CacheFolder.locate(), name=self._kept_as, settings=settings, tests=kept)

    def _serve(
        self, fetch: Callable[..., Path], binaries: Binaries, *, fresh: bool
    ) -> tuple[TemplateReport, EmbeddedServer]:
        """Start the server on the entry that `fetch` gives; one that cannot be served is built anew, once."""
        replaced: FileNotFoundError | None = None
        for _ in range(_ATTEMPTS):
            entry = fetch(fresh=fresh)
            if self._doorbell is not None:
                self._doorbell.silence()
            try:
                report = TemplateReport.from_json(json.loads((entry / _REPORT).read_text(encoding="utf-8")))
                return report, self._launch(entry / "data", binaries, self._port.port)
            except FileNotFoundError as missing:
                # Another run built it anew while it was being copied.
                replaced = missing
            except ServerError as error:
                if fresh or error.code not in _DAMAGED:
                    raise
                fresh = True
        raise ServerError(
            "the cached template was replaced by other runs again and again while it was being copied",
            code="cache.replaced",
            remedy="run again, and use --seatrial-rebuild in one run at a time",
        ) from replaced

    def _build(
        self, folder: Path, plan: TemplatePlan, binaries: Binaries, cache: CacheFolder, key: str
    ) -> None:
        """Build the template on a server of its own, whose data directory becomes the cache entry."""
        port = ReservedPort.reserve()
        server = self._launch(prepared_data(binaries, cache), binaries, port.port)
        try:
            cluster = self._running_cluster(server, port.port)
            report = build_template(cluster, plan, name=_TEMPLATE, fingerprint=key)
            server.stop_and_keep(folder / "data")
        finally:
            server.stop()
            port.release()
        (folder / _REPORT).write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")

    def _launch(self, source: Path, binaries: Binaries, port: int) -> EmbeddedServer:
        options = ServerOptions(stand_ins=self._settings.stand_ins)
        return EmbeddedServer.start(source=source, binaries=binaries, port=port, options=options)

    def _running_cluster(self, server: EmbeddedServer, port: int) -> Cluster:
        admin = {
            "host": str(server.socket_dir),
            "port": port,
            "user": ADMIN_ROLE,
            "dbname": _MAINTENANCE,
        }
        cluster = self._cluster(port, admin=admin, version=0)
        with cluster.connect(_MAINTENANCE) as connection:
            return replace(cluster, version=connection.info.server_version)

    def _cluster(self, port: int, *, admin: dict[str, object], version: int) -> Cluster:
        return Cluster(
            kind="embedded",
            version=version,
            host="127.0.0.1",
            port=port,
            admin=admin,
            superuser=True,
            owner=self._owner,
            app=self._app,
        )

    def _set_passwords(self, cluster: Cluster) -> None:
        """Passwords are new for every run; the cached data directory holds those of the run that built it."""
        with cluster.connect(_MAINTENANCE) as connection:
            for credential in {self._owner.user: self._owner, self._app.user: self._app}.values():
                role, password = identifier(credential.user), literal(credential.password)
                connection.execute(f"ALTER ROLE {role} PASSWORD {password}".encode())


def _valid(folder: Path) -> bool:
    try:
        TemplateReport.from_json(json.loads((folder / _REPORT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return (folder / "data" / "PG_VERSION").is_file() and (
        folder / "data" / "global" / "pg_control"
    ).is_file()
