"""What a test may tell the OpenAI fake, and what is left of it."""

from __future__ import annotations

import pytest

from seatrial.errors import FakeError
from seatrial.fakes.journal import Attempt
from seatrial.fakes.openai.fake import OpenAIFake


@pytest.fixture
def fake():
    return OpenAIFake()


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (lambda fake: fake.reply(), "fakes.reply"),
        (lambda fake: fake.reply("fine", 7), "fakes.reply"),
        (lambda fake: fake.fail(200), "fakes.status"),
        (lambda fake: fake.fail(600), "fakes.status"),
        (lambda fake: fake.fail(429, retry_after=-1), "fakes.retry-after"),
        (lambda fake: fake.fail(429, times=0), "fakes.times"),
        (lambda fake: fake.fail(429, times=1.5), "fakes.times"),
        (lambda fake: fake.fail(True), "fakes.status"),
        (lambda fake: fake.delay(-0.1), "fakes.delay"),
        (lambda fake: fake.delay(float("nan")), "fakes.delay"),
        (lambda fake: fake.slow(0), "fakes.slow"),
        (lambda fake: fake.reset_connection(after=-1), "fakes.after"),
        (lambda fake: fake.drop_connection(after=1.5), "fakes.after"),
        (lambda fake: fake.hang(times=0), "fakes.times"),
    ],
)
def test_an_impossible_order_is_refused_and_leaves_nothing_behind(fake, order, code):
    with pytest.raises(FakeError) as refused:
        order(fake)
    assert refused.value.code == code
    assert fake.pending == ()


def test_what_was_scripted_and_not_consumed_is_visible_until_the_reset(fake):
    fake.fail(503, times=2)
    fake.hang()
    fake.delay(1.5)
    fake.reply("a", "b")
    assert fake.pending == ("reply('a')", "reply('b')", "fail(503)", "fail(503)", "hang()", "delay(1.5)")
    fake.reset()
    assert fake.pending == ()


def test_assert_called_counts_and_lists_the_calls(fake):
    with pytest.raises(AssertionError, match="at least one call, found 0"):
        fake.assert_called()
    fake.assert_called(times=0)
    fake.journal.add(Attempt(method="GET", path="/v1/models", status=200, seconds=0.1))
    fake.assert_called()
    fake.assert_called(times=1)
    with pytest.raises(
        AssertionError, match=r"expected 2 call\(s\), found 1 in 1 attempt.*\n  <GET /v1/models -> 200>"
    ):
        fake.assert_called(times=2)
    fake.reset()
    assert fake.calls() == []
