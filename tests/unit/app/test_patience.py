"""A slow start is told from a stuck one by the processor time it uses."""

from __future__ import annotations

import time

from seatrial.app.patience import Patience


def work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_period_without_work_ends_it() -> None:
    patience = Patience(1)
    work(0.05)
    assert not patience.ends()
    assert patience.ends()
    assert patience.waited == 2


def test_the_tenth_period_ends_it_in_any_case() -> None:
    patience = Patience(0.1)
    ended = []
    for _ in range(10):
        work(0.005)
        ended.append(patience.ends())
    assert ended == [False] * 9 + [True]
