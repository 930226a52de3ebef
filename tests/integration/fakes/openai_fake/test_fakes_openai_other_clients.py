"""The fake believed by openai 2.x and LiteLLM, each in a process of an environment of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seatrial.fakes import Fakes
from tests.support.clients import Script

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Run = Callable[[str], Any]


@pytest.fixture(scope="module", params=["openai_2", "litellm"])
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def script(running: Fakes, library: str) -> Iterator[Script]:
    """One process for all tests of a library: some take seconds to import."""
    script = Script(f"client_{library}", running.url("openai"))
    yield script
    script.close()


@pytest.fixture
def run(script: Script, fakes: Fakes) -> Run:
    """Run one part of the library's script on the emptied fake; what it made of it."""
    return script.ask


def test_the_versions_are_those_that_were_meant(run, library):
    assert run("version").startswith({"openai_2": "2.", "litellm": "1."}[library])


def test_a_plain_answer(fake, run, problems):
    assert run("plain") == ["how are you", 6]
    fake.assert_called(times=1, attempts=1, path="/v1/chat/completions")
    assert problems() == []


def test_a_stream_with_its_usage(fake, run, problems):
    fake.reply("word by word")
    assert run("stream") == ["word by word", 6]
    assert problems() == []


def test_streamed_tool_calls(fake, run, problems):
    fake.reply_tool_calls(("f", {"a": 1}), ("f", {"a": 2}))
    assert run("tools") == [["f", {"a": 1}], ["f", {"a": 2}]]
    assert problems() == []


def test_embeddings(run, problems):
    assert run("embeddings") == [1536, True]
    assert problems() == []


def test_a_429_is_tried_again_as_one_call(fake, run):
    fake.fail(429, retry_after=0)
    assert run("retry") == "chat.completion"
    fake.assert_called(times=1, attempts=2)
    assert [attempt.status for attempt in fake.attempts()] == [429, 200]


def test_a_stream_that_breaks_off(fake, run, library, problems):
    fake.drop_connection(after=700)
    fake.reply("word by word until the connection is gone")
    expected = {
        "openai_2": "httpx.RemoteProtocolError",
        "litellm": "litellm.exceptions.MidStreamFallbackError",
    }
    assert run("drop")["raised"] == expected[library]
    assert problems() == []


def test_calls_at_once(fake, run):
    fake.reply("a", "b", "c")
    assert run("concurrent") == ["a", "b", "c"]
    fake.assert_called(times=3)


@pytest.mark.parametrize("library", ["openai_2"], indirect=True)
def test_responses_and_models(run, problems):
    assert run("responses") == ["how are you", 3 + 3 + 2]
    assert run("models") is True
    assert problems() == []


@pytest.mark.parametrize("library", ["litellm"], indirect=True)
def test_the_paths_of_databricks_and_azure(fake, run, problems):
    assert run("other_paths") == ["how are you", "how are you"]
    assert [call.path for call in fake.calls()] == [
        "/serving-endpoints/chat/completions",
        "/openai/deployments/m/chat/completions",
    ]
    assert problems() == []
