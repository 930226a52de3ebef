"""Modes as a team meets them: the same suite in mock and live mode, against a service in another process."""

from __future__ import annotations

import pytest

from tests.support.project import Project

PYPROJECT = """
[tool.seatrial]
app = "desk:app"
[tool.seatrial.env]
OPENAI_BASE_URL = "{fakes.openai.url}/v1"
OPENAI_API_KEY = "not-a-key"
PAYMENTS_URL = "{fakes.payments.url}"
[tool.seatrial.fakes]
openai = { live = { url = "$OPENAI_BASE_URL", env = ["OPENAI_API_KEY", "OPENAI_PROJECT"] } }
payments = { kind = "openai", mode = "mock" }
"""

DESK = """
import os
import openai
from fastapi import FastAPI

app = FastAPI()

@app.post("/ask")
async def ask(text: str):
    async with openai.AsyncOpenAI(max_retries=0) as client:
        answer = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content
"""

TESTS = """
import os
import pytest

def test_in_both_modes(client, fakes):
    assert client.post("/ask", params={"text": "ahoy"}).json() == "ahoy"
    (call,) = fakes.openai.calls()
    assert call.headers.carries("authorization", "Bearer " + os.environ["OPENAI_API_KEY"])
    assert fakes.openai.mode == os.environ["EXPECTED"]
    assert fakes.payments.mode == "mock"
    assert os.environ["OPENAI_BASE_URL"] == fakes.url("openai") + "/v1"

@pytest.mark.mock
def test_scripted(client, fakes):
    fakes.openai.reply("aye")
    assert client.post("/ask", params={"text": "ahoy"}).json() == "aye"

@pytest.mark.mock("payments")
def test_of_another_fake(fakes):
    fakes.payments.fail(500)
    assert fakes.payments.pending == ("fail(500)",)
    fakes.reset()

@pytest.mark.live
@pytest.mark.live("openai")
def test_contract(client):
    assert client.post("/ask", params={"text": "contract"}).json() == "contract"
    assert os.environ["OPENAI_API_KEY"] == "sk-real"
"""


@pytest.fixture
def desk(project: Project) -> Project:
    return project.write({"pyproject.toml": PYPROJECT, "desk.py": DESK, "test_desk.py": TESTS})


def test_the_same_tests_pass_in_mock_and_in_live_mode_and_the_rest_is_counted(desk, serve):
    mocked = desk.pytest(EXPECTED="mock", OPENAI_API_KEY="sk-real").expect(passed=3, deselected=1).output
    assert "seatrial: mode" not in mocked
    assert "mode         1 test is for live mode only and did not run" in mocked

    url, _ = serve()
    environ = {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "sk-real", "OPENAI_PROJECT": "p"}
    live = desk.pytest(TEST_MODE="live", EXPECTED="live", **environ).expect(passed=3, deselected=1).output
    line = f"live for openai -> {url}, mock for payments"
    assert f"seatrial: mode {line}\n" in live
    assert f"mode         {line}; 1 test is for mock mode only and did not run" in live
    assert "sk-real" not in live

    desk.write({"conftest.py": "import os; os.environ['TEST_MODE'] = 'record'"})
    arguments = ("-p", "xdist.plugin", "-n", "2")
    shared = desk.pytest(*arguments, TEST_MODE="openai=live", EXPECTED="live", **environ)
    shared = shared.expect(passed=3).output
    assert f"mode         {line}; 1 test is for mock mode only and did not run" in shared


def test_an_undeclared_script_of_a_live_fake_fails_and_says_what_to_declare(desk, serve):
    desk.write(
        {
            "test_desk.py": """
            import pytest

            def test_undeclared(fakes):
                fakes.openai.reply("aye")

            class TestFaults:
                pytestmark = pytest.mark.mock("openai", "payments")

                def test_declared(self, fakes):
                    fakes.openai.fail(500)
            """
        }
    )
    url, _ = serve()
    output = desk.pytest(
        "--seatrial-mode=live", OPENAI_BASE_URL=f"{url}/v1", OPENAI_API_KEY="k", OPENAI_PROJECT="p"
    )
    output.expect(1, failed=1, deselected=1)
    assert "fakes.live" in output.output
    assert 'Mark the test, its class or its module with pytest.mark.mock("openai")' in output.output

    wrong = {
        "test_desk.py": 'import pytest\n@pytest.mark.mock("opanai")\ndef test_it(fakes):\n    assert fakes\n'
    }
    refused = desk.write(wrong).pytest("--seatrial-mode=mock").expect(4).output
    assert "mode.marker" in refused
    assert "Did you mean 'openai'?" in refused


def test_what_a_live_run_lacks_is_one_error_before_anything_is_imported(desk):
    desk.write({"conftest.py": "open('imported', 'w').close()"})
    output = desk.pytest("--seatrial-mode=live", OPENAI_API_KEY="sk-real").expect(4).output
    assert "mode.credentials" in output
    assert "  openai: OPENAI_BASE_URL, OPENAI_PROJECT" in output
    assert "sk-real" not in output
    assert not (desk.root / "imported").exists()
