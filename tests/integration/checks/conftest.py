"""Projects with migrations, and a server on which checks walk them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from seatrial.checks import Ground, Verdict, run_check, select
from seatrial.config import load_settings
from seatrial.postgres.cluster import Cluster, Credential
from seatrial.postgres.server import ADMIN_ROLE
from tests.support.alembic_project import alembic_project
from tests.support.project import Project
from tests.support.server import running_server


def revision(name: str, down: str | tuple[str, ...] | None, *, up: str = "", back: str = "") -> str:
    """A revision out of the bodies of its two functions, one statement a line."""
    bodies = [[f"    {line}" for line in body.strip().splitlines()] or ["    pass"] for body in (up, back)]
    return (
        "\n".join(
            [
                f'"""Title of {name}."""',
                "import sqlalchemy as sa",
                "from alembic import op",
                f"revision, down_revision = {name!r}, {down!r}",
                "def upgrade():",
                *bodies[0],
                "def downgrade():",
                *bodies[1],
            ]
        )
        + "\n"
    )


@pytest.fixture(scope="module")
def cluster(shared_cache: Path) -> Iterator[Cluster]:
    roles = "create role shop login password 'secret'; create role clerk login password 'secret'"
    with running_server(shared_cache, roles=roles) as server:
        yield Cluster(
            kind="embedded",
            version=180000,
            host="127.0.0.1",
            port=server.port,
            admin={
                "host": str(server.socket_dir),
                "port": server.port,
                "user": ADMIN_ROLE,
                "dbname": "postgres",
            },
            superuser=True,
            owner=Credential("shop", "secret"),
            app=Credential("clerk", "secret"),
        )


@dataclass
class Checked:
    """A project that is checked."""

    project: Project
    cluster: Cluster

    def migrations(self, *, settings: str = "", files: dict[str, str] | None = None, **more: Any) -> Checked:
        """Write revisions, and further settings."""
        alembic_project(self.project, **more)
        self.project.write(files or {})
        file = self.project.root / "pyproject.toml"
        file.write_text(file.read_text(encoding="utf-8") + settings, encoding="utf-8")
        return self

    @property
    def ground(self) -> Ground:
        settings = load_settings(self.project.root / "pyproject.toml")
        assert settings.database is not None
        return Ground(
            settings=settings,
            database=settings.database,
            cluster=self.cluster,
            template="",
            statements=(),
            prefix=f"check_{id(self)}",
            environment=lambda address: {"DATABASE_URL": address.url()},
        )

    def check(self, name: str, *, today: date | None = None, ground: Ground | None = None) -> Verdict:
        """Run one check; nothing of it remains on the server."""
        (check,) = select([name])
        verdict = run_check(check, ground or self.ground, today=today)
        with self.cluster.connect("postgres") as admin:
            left = admin.execute("select datname from pg_database where datname like 'check%'").fetchall()
        assert left == []
        return verdict


@pytest.fixture
def checked(project: Project, cluster: Cluster) -> Checked:
    return Checked(project, cluster)


@pytest.fixture
def found(checked: Checked) -> Callable[..., list[str]]:
    """The findings of one check on some revisions, as texts."""

    def find(name: str, **migrations: Any) -> list[str]:
        return [str(finding) for finding in checked.migrations(**migrations).check(name).findings]

    return find
