"""`db.faults` in a suite: each fault is met, and no other test notices."""

from __future__ import annotations

import pytest

from tests.integration.tcp.faulty_shop import APPLICATION, PYPROJECT, SUITE
from tests.support.project import Project


@pytest.mark.parametrize("isolation", ["reset", "clone"])
def test_faults_are_met_and_nothing_is_left(project: Project, isolation: str) -> None:
    settings = f'{PYPROJECT}isolation = "{isolation}"\n'
    project.shop(SUITE, **{"pyproject.toml": settings, "shop.py": APPLICATION})
    result = project.pytest()
    result.expect(1, passed=26, failed=2)
    assert result.errors("db.faults: nobody met hang(times=2) [faults.not-met]") == 1
    assert result.errors("db.faults: nobody met reset() [faults.not-met]") == 1
