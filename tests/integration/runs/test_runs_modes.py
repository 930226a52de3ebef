"""`TEST_MODE` and braces in the environment: what is ours, and what is the application's."""

from __future__ import annotations

import pytest

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "harbour:app"
[tool.seatrial.env]
GREETING = "{{not a placeholder}} {{}}"
"""

HARBOUR = """
import os

async def app(scope, receive, send):
    assert scope["type"] == "http"
    body = "|".join(os.environ.get(name, "") for name in ("TEST_MODE", "GREETING", "TEMPLATE")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""

TESTS = """
import os

def test_it(client):
    assert client.get("/").text == os.environ["EXPECTED"]
"""


@pytest.fixture
def harbour(project: Project) -> Project:
    return project.write({"pyproject.toml": PYPROJECT, "harbour.py": HARBOUR, "test_harbour.py": TESTS})


@pytest.mark.parametrize("mode", ["", "unit", "integration", "lively", "mock"])
def test_a_mode_that_is_not_ours_is_left_to_the_application(harbour: Project, mode: str) -> None:
    braces = "{not a placeholder} {}"
    harbour.pytest(TEST_MODE=mode, TEMPLATE="{x}", EXPECTED=f"{mode}|{braces}|{{x}}").expect(passed=1)


@pytest.mark.parametrize("mode", ["record", "replay", "RECORD"])
def test_a_mode_that_is_not_served_is_refused_before_anything_runs(harbour: Project, mode: str) -> None:
    harbour.write({"conftest.py": "open('imported', 'w').close()"})
    output = harbour.pytest(TEST_MODE=mode, EXPECTED="").expect(4).output
    assert f"TEST_MODE asks for '{mode.lower()}'" in output
    assert "mode.not-served" in output
    assert "What to do: set TEST_MODE to 'mock' or 'live'" in output
    assert not (harbour.root / "imported").exists()


def test_an_unknown_placeholder_is_told_with_its_variable(harbour: Project) -> None:
    harbour.write({"pyproject.toml": PYPROJECT.replace("{{not a placeholder}}", "{name}")})
    output = harbour.pytest(EXPECTED="").expect(4).output
    assert "GREETING" in output
    assert "{{" in output, "the remedy says how to write a brace"
