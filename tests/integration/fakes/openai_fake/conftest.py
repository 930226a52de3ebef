"""One served fake for each file, emptied for each test, and a real client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import openai
import pytest

from seatrial.fakes import Fakes
from seatrial.fakes.openai.fake import OpenAIFake


@pytest.fixture(scope="module")
def running() -> Iterator[Fakes]:
    fakes = Fakes({"openai": {}})
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def fakes(running: Fakes) -> Fakes:
    running.reset()
    return running


@pytest.fixture
def fake(fakes: Fakes) -> OpenAIFake:
    found: OpenAIFake = fakes.openai
    return found


@pytest.fixture
def client(fakes: Fakes) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{fakes.url('openai')}/v1", api_key="k", max_retries=0, timeout=20
    ) as client:
        yield client


@pytest.fixture
def problems(fakes: Fakes) -> Callable[[], list[str]]:
    """What the fake holds against the test, once the answers that were read are also over for the server."""
    return lambda: fakes.problems(grace=10)
