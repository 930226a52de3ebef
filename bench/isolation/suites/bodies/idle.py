"""A test that has a database and does nothing with it."""

import pytest

from bench.isolation.suites.server import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing(session: object, number: int) -> None:
    assert session is not number
