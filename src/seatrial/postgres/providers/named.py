"""The named provider: one database that somebody gave us, used where it is, with its owner's rights."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seatrial.errors import UnsafeTargetError
from seatrial.postgres.choice import carries_marker, write_marker
from seatrial.postgres.choice.probe import look
from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.isolation.triggers import (
    SCHEMA,
    TriggerReset,
    content_digest,
    digest,
    read_relations,
    settle,
)
from seatrial.postgres.providers import named_lock
from seatrial.postgres.providers.base import Prepared
from seatrial.postgres.providers.external import derived_credential, version_text
from seatrial.postgres.sql import literal
from seatrial.postgres.template import TemplateReport, build_in_place, empty_database, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from seatrial.config import DatabaseAddress
    from seatrial.config.settings import DatabaseSettings
    from seatrial.postgres.choice import ServerFacts, Target
    from seatrial.postgres.cluster import Login
    from seatrial.postgres.isolation import Isolation
    from seatrial.postgres.template import TemplatePlan


@dataclass(frozen=True, kw_only=True)
class _Note:
    """What the comment of our schema says of the template: it is believed only as far as it is still true."""

    report: dict[str, Any]
    catalogue: str
    content: str


class NamedProvider:
    """The database that was named: empty or marked, and erased by nobody but us.

    Its role needs to own it, and nothing else.
    """

    outlives_us = True

    def __init__(self, settings: DatabaseSettings, target: Target, facts: ServerFacts) -> None:
        self._settings = settings
        self._target = target
        self._facts = facts
        self.database = target.database
        self._session: psycopg.Connection[Any] | None = None
        """Holds the lock of the database for as long as we run, and does what needs no tests to run."""
        self._plan: TemplatePlan | None = None
        self._key = ""
        self._report: TemplateReport | None = None

    def address(self, login: Login) -> DatabaseAddress:
        """The address of the named database."""
        return self._cluster().address(self.database, login=login)

    def on_first_connection(self, start: Callable[[], object]) -> None:
        """Nothing: the server runs already and answers by itself."""
        del start

    def start(self, plan: TemplatePlan, *, rebuild: bool) -> Prepared:
        """Lock the database, mark it if it is empty, and build the template in it where it is not there yet.

        Raises:
            ServerError: another run uses it.
            UnsafeTargetError: it is neither empty nor marked any more.
        """
        cluster = self._cluster()
        self._session = settle(cluster.connect(self.database, application_name=named_lock.run_label()))
        named_lock.hold(self._session)
        self._claim(self._session)
        self._plan = plan
        self._key = fingerprint(plan, server=f"{cluster.version} {cluster.owner.user}")
        report = None if rebuild else self._find(self._session)
        cached = report is not None
        self._report = report
        if report is None:
            report = self._build(keep_copies=False)
            self._write_note()
        return Prepared(
            cluster=cluster,
            template=self.database,
            report=report,
            cached=cached,
            server=f"PostgreSQL {version_text(self._facts.version)}, {self._target.source}",
        )

    def isolation(self, prepared: Prepared) -> Isolation:
        """A reset in place: a role that may not create databases can have no copies."""
        assert self._session is not None  # start() came first
        return TriggerReset(
            prepared.cluster,
            database=self.database,
            build=lambda: self._build(keep_copies=True),
            note=self._write_note,
            keep=self._session.info.backend_pid,
        )

    def opens_kept(self, database: str) -> str:
        """Never asked: nothing can be kept where no database can be made."""
        raise AssertionError(database)

    def stop(self, *, kept: Mapping[str, str]) -> None:
        """Let the next run have the database."""
        del kept
        if self._session is not None:
            self._session.close()
            self._session = None

    def _claim(self, session: psycopg.Connection[Any]) -> None:
        """Mark the database before the first object is made in it, so that a killed run leaves it ours."""
        if carries_marker(session):
            return
        if not look(session).empty:
            raise UnsafeTargetError(
                f"{self._target.safe_description} was empty a moment ago and is not any more: somebody else "
                "uses it, and nothing in it was touched",
                code="database.rule-4-probe",
                remedy="name a database that nobody else uses",
            )
        write_marker(session)

    def _find(self, session: psycopg.Connection[Any]) -> TemplateReport | None:
        """The report of the template that is there, if the database equals it to the last row."""
        row = session.execute(
            "select obj_description(to_regnamespace(%s), 'pg_namespace')", [SCHEMA]
        ).fetchone()
        try:
            note = _Note(**json.loads(row[0] if row else ""))
            report = TemplateReport.from_json(note.report)
        except (ValueError, TypeError, KeyError):
            return None
        same = report.fingerprint == self._key and _state(session) == (note.catalogue, note.content)
        return report if same else None

    def _build(self, *, keep_copies: bool) -> TemplateReport:
        session, plan = self._session, self._plan
        assert session is not None and plan is not None  # start() came first  # noqa: PT018
        keep = [SCHEMA] if keep_copies else []
        self._report = build_in_place(
            self._cluster(),
            plan,
            fingerprint=self._key,
            empty=lambda: empty_database(session, keep_schemas=keep),
        )
        return self._report

    def _write_note(self) -> None:
        session, report = self._session, self._report
        assert session is not None and report is not None  # start() came first  # noqa: PT018
        catalogue, content = _state(session)
        note = _Note(report=report.to_json(), catalogue=catalogue, content=content)
        session.execute(f"create schema if not exists {SCHEMA}".encode())
        text = literal(json.dumps(asdict(note)))
        session.execute(f"comment on schema {SCHEMA} is {text}".encode())

    def _cluster(self) -> Cluster:
        target = self._target
        owner = Credential(target.user, target.password or "")
        role = self._settings.app_role
        return Cluster(
            kind="external",
            version=self._facts.version,
            host=target.host,
            port=target.port,
            admin=dict(target.conninfo()),
            superuser=False,
            owner=owner,
            app=derived_credential(target, role) if role else owner,
        )


def _state(session: psycopg.Connection[Any]) -> tuple[str, str]:
    return digest(session, ours=False), content_digest(session, read_relations(session))
