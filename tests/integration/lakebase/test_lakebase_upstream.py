"""Which roles can come in to the tested database, and which way they go."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from seatrial.config import load_settings
from seatrial.trial import Trial
from seatrial.trial.lakebase import lakebase_upstream
from tests.integration.lakebase.conftest import ADA
from tests.support.project import SCHEMA, Project

GRACE = "test-user-b@example.com"
PYPROJECT = f"""
[tool.seatrial]
[tool.seatrial.database]
schema = {{ sql = ["schema.sql"] }}
app_role = "{GRACE}"
"""


@pytest.fixture
def settings(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    for name in [name for name in os.environ if name.startswith("PG") or name.endswith("DATABASE_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SEATRIAL_CACHE", str(project.cache))
    project.write({"pyproject.toml": PYPROJECT, "schema.sql": SCHEMA})
    return load_settings(project.root / "pyproject.toml")


def test_a_server_of_ours(settings, opened):
    trial = Trial(settings, database="embedded")
    trial.prepare()
    try:
        endpoint = opened(lakebase_upstream(trial.database))
        assert endpoint.gate.address in trial.database.places
        with endpoint.psycopg(user=GRACE, dbname=trial.database.name) as connection:
            assert connection.execute("select current_user::text").fetchone() == (GRACE,)
            assert connection.execute("select count(*) from orders").fetchone() == (0,)
        state, message = endpoint.refusal(user="seatrial", dbname=trial.database.name)
        assert (state, 'role "seatrial" is not permitted to log in' in message) == ("28000", True)
        endpoint.gate.stop()
    finally:
        trial.close()


def test_a_server_that_was_named(settings, server, opened):
    with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
        admin.execute("create role maker login createdb createrole password 'secret'")
    trial = Trial(settings, database=f"postgresql://maker:secret@127.0.0.1:{server.port}/postgres")
    trial.prepare()
    try:
        endpoint = opened(lakebase_upstream(trial.database))
        with endpoint.psycopg(user=GRACE, dbname=trial.database.name) as connection:
            assert connection.execute("select current_user::text").fetchone() == (GRACE,)
        state, message = endpoint.refusal(user=ADA, dbname=trial.database.name)
        assert (state, f'password of "{GRACE}" is known' in message) == ("28000", True)
        assert "app_role" in message
    finally:
        trial.close()


def test_a_template_that_fails(settings, project, opened):
    project.write({"schema.sql": "create table broken (;"})
    trial = Trial(settings, database="embedded")
    trial.prepare()
    try:
        endpoint = opened(lakebase_upstream(trial.database))
        state, message = endpoint.refusal(user=GRACE, dbname=trial.database.name)
        assert (state, "the test database is not to be had" in message) == ("57P03", True)
    finally:
        trial.close()
