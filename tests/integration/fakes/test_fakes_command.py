"""`seatrial fake NAME`: a fake alone in a process, as the second side of live mode or for a developer."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import openai
import pytest

from tests.support.project import Project

SEATRIAL = (sys.executable, "-m", "seatrial")
ASK = [{"role": "user", "content": "hello from afar"}]


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    first, second = process.stdout.readline().strip(), process.stdout.readline()
    assert "Ctrl-C ends it" in second, (first, second)
    return first


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_on_the_port_until_it_is_interrupted(project: Project, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = project.start(*SEATRIAL, "fake", "openai", "--port", str(port))
    try:
        assert _address(process) == f"http://127.0.0.1:{port}"
        with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="k", timeout=20) as client:
            answer = client.chat.completions.create(model="m", messages=ASK)
            assert answer.choices[0].message.content == "hello from afar"
            left_open = client.chat.completions.create(model="m", messages=ASK, stream=True)
            next(left_open)
            process.send_signal(number)
            output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, output) == (0, "")


def test_the_projects_own_fake_has_its_options(project: Project) -> None:
    settings = '[tool.seatrial.fakes]\nmodel = { kind = "openai", api_key = "sk-right", https = true }\n'
    project.write({"pyproject.toml": settings})
    process = project.start(*SEATRIAL, "fake", "model")
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        name, _, bundle = process.stdout.readline().strip().partition("=")
        assert name == "SSL_CERT_FILE"
        code = (
            "import openai, sys\n"
            "client = openai.OpenAI(base_url=sys.argv[1] + '/v1', api_key=sys.argv[2], max_retries=0)\n"
            "try:\n    print(len(client.models.list().data) > 1)\n"
            "except openai.AuthenticationError as error:\n    print(error.status_code)\n"
        )
        told = [
            subprocess.run(
                [sys.executable, "-c", code, url, key],
                env=project.environment(SSL_CERT_FILE=bundle),
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
            for key in ("sk-right", "sk-wrong")
        ]
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert url.startswith("https://127.0.0.1:")
    assert told == ["True", "401"]


def test_a_port_that_is_taken_and_a_name_that_is_none_are_told(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = project.run(*SEATRIAL, "fake", "openai", "--port", str(port))
    assert refused.status == 2
    assert f"should listen on 127.0.0.1:{port}" in refused.output
    assert "[fakes.port]" in refused.output
    unknown = project.run(*SEATRIAL, "fake", "opanai")
    assert unknown.status == 2
    assert "did you mean 'openai'" in unknown.output
    assert project.run(*SEATRIAL, "fake", "openai", "--port", "70000").status == 2
