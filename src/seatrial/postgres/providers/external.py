"""The external provider: databases of our own on a server the team names."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import shlex
from typing import TYPE_CHECKING, Any

from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.isolation import run_name
from seatrial.postgres.isolation.pool import drop
from seatrial.postgres.kept import is_outdated
from seatrial.postgres.providers.base import Prepared, copies_or_reset
from seatrial.postgres.sql import identifier, literal
from seatrial.postgres.template import TemplateReport, build_template, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.choice import ServerFacts, Target
    from seatrial.postgres.cluster import Login
    from seatrial.postgres.isolation import Isolation
    from seatrial.postgres.template import TemplatePlan

_PREFIX = "seatrial"
_COMMENT = "seatrial template "
_LOCK = 0x5EA7
_KEPT_TEMPLATES = 4
_RUN = re.compile(rf"{_PREFIX}_\d+_[0-9a-f]{{6}}")


class ExternalProvider:
    """Our own databases, roles and templates on somebody's server; the named database is never touched."""

    outlives_us = True

    def __init__(self, settings: DatabaseSettings, target: Target, facts: ServerFacts) -> None:
        self._settings = settings
        self._target = target
        self._facts = facts
        self.database = f"{_PREFIX}_{os.getpid()}_{secrets.token_hex(3)}"

    def address(self, login: Login) -> DatabaseAddress:
        """The address of the tested database."""
        return self._cluster().address(self.database, login=login)

    def on_first_connection(self, start: Callable[[], object]) -> None:
        """Nothing: the server runs already and answers by itself."""
        del start

    def start(self, plan: TemplatePlan, *, rebuild: bool) -> Prepared:
        """Find the template on the server, or build it under a lock that other runs respect."""
        cluster = self._cluster()
        # A template belongs to its owner: another role cannot copy it.
        key = fingerprint(plan, server=f"{cluster.version} {cluster.owner.user}")
        name = f"{_PREFIX}_template_{key[:16]}"
        with cluster.connect(cluster.admin["dbname"]) as admin:
            admin.execute("select pg_advisory_lock(%s)", [_LOCK])
            _drop_orphans(admin)
            report = None if rebuild else _find(admin, name)
            cached = report is not None
            if report is None:
                admin.execute(f"DROP DATABASE IF EXISTS {identifier(name)}".encode())
                report = build_template(cluster, plan, name=name, fingerprint=key)
                note = _COMMENT + json.dumps(report.to_json())
                admin.execute(f"COMMENT ON DATABASE {identifier(name)} IS {literal(note)}".encode())
                _prune(admin, keep=name)
        return Prepared(
            cluster=cluster,
            template=name,
            report=report,
            cached=cached,
            server=f"PostgreSQL {version_text(self._facts.version)}, {self._target.source}",
        )

    def isolation(self, prepared: Prepared) -> Isolation:
        """Fresh databases for every test."""
        return copies_or_reset(prepared, self.database, kind=self._settings.isolation)

    def opens_kept(self, database: str) -> str:
        """The command that opens it, without a password in it."""
        target = self._target
        return shlex.join(
            ["psql", "-h", target.host, "-p", str(target.port), "-U", target.user, "-d", database]
        )

    def stop(self, *, kept: Mapping[str, str]) -> None:
        """Nothing of ours runs: the databases are dropped by whoever made them."""
        del kept

    def _cluster(self) -> Cluster:
        target, facts = self._target, self._facts
        own = Credential(target.user, target.password or "")
        owner = derived_credential(target, "seatrial_owner") if facts.superuser else own
        role = self._settings.app_role
        return Cluster(
            kind="external",
            version=facts.version,
            host=target.host,
            port=target.port,
            admin={**target.conninfo(), "dbname": facts.connected_to},
            superuser=facts.superuser,
            owner=owner,
            app=derived_credential(target, role) if role else owner,
        )


def derived_credential(target: Target, role: str) -> Credential:
    """A role that outlives the run needs a password that every run can work out, and nobody else."""
    key = (target.password or "").encode() or b"no password"
    return Credential(role, hmac.new(key, role.encode(), hashlib.sha256).hexdigest()[:32])


def _find(admin: psycopg.Connection[Any], name: str) -> TemplateReport | None:
    row = admin.execute(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = %s", [name]
    ).fetchone()
    comment = row[0] if row else None
    if not comment or not str(comment).startswith(_COMMENT):
        return None
    try:
        return TemplateReport.from_json(json.loads(str(comment)[len(_COMMENT) :]))
    except (ValueError, TypeError, KeyError):
        return None


def _prune(admin: psycopg.Connection[Any], *, keep: str) -> None:
    """Drop all but the newest few templates of earlier schemas."""
    rows = admin.execute(
        "select datname from pg_database where datname like 'seatrial\\_template\\_%%' and datname <> %s "
        "and shobj_description(oid, 'pg_database') like %s "
        "and pg_has_role(datdba, 'USAGE') order by oid desc",
        [keep, _COMMENT + "%"],
    ).fetchall()
    for row in rows[_KEPT_TEMPLATES:]:
        admin.execute(f"DROP DATABASE IF EXISTS {identifier(str(row[0]))}".encode())


def _drop_orphans(admin: psycopg.Connection[Any]) -> None:
    """Drop what was kept long ago, and the databases of runs that were killed.

    A living run holds a session under its database's name.
    """
    rows = admin.execute(
        "select datname from pg_database where datname like 'seatrial\\_%%' and datname not like %s "
        "and pg_has_role(datdba, 'USAGE')",
        [f"{_PREFIX}_template_%"],
    ).fetchall()
    for (name,) in rows:
        if is_outdated(str(name)):
            drop(admin, str(name))
        run = _RUN.match(str(name))
        if run is None:
            continue
        alive = admin.execute(
            "select 1 from pg_stat_activity where application_name = %s", [run_name(run.group())]
        ).fetchone()
        if alive is None:
            drop(admin, str(name))


def version_text(number: int) -> str:
    """`server_version_num` as people write it."""
    return f"{number // 10000}.{number % 10000}"
