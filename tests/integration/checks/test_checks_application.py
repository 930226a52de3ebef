"""The application that checks start: pristine, served, and of no consequence for what comes after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatrial.checks import Ground, Inapplicable
from seatrial.checks.application import running_application
from seatrial.config import load_settings
from seatrial.trial import Trial
from tests.support.project import Project


@pytest.fixture
def trial(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trial]:
    project.shop()
    monkeypatch.setenv("SEATRIAL_CACHE", str(project.cache))
    trial = Trial(load_settings(project.root / "pyproject.toml"), database="embedded")
    try:
        trial.prepare()
        yield trial
    finally:
        trial.close()


def test_what_a_check_writes_is_gone_for_the_next_one(trial: Trial) -> None:
    ground = Ground.of_trial(trial)
    for _ in range(2):
        with running_application(ground, check="queries.growth") as application:
            assert application.client.get("/orders").json() == []
            assert application.client.post("/orders", params={"item": "rope"}).status_code == 201
            assert application.client.get("/orders").json() == ["rope"]
            assert application.recorder is None
            pool = application.runner.app.state.pool
            assert application.run_in_app(pool.fetchval("select count(*) from orders")) == 1
    with running_application(ground, check="queries.growth", fresh=True) as application:
        assert application.runner.app.state.pool is not pool
    assert trial.guard.during == "the check queries.growth"


def test_without_an_application_there_is_nothing_to_look_at(project: Project) -> None:
    project.shop()
    ground = Ground(
        settings=load_settings(project.root / "pyproject.toml"),
        database=None,
        cluster=None,
        template="",
        statements=(),
        prefix="",
        environment=lambda _: {},
    )
    with pytest.raises(Inapplicable, match="no application"), running_application(ground, check="pool"):
        pass
