"""No database: what pytest itself costs."""

import pytest

from bench.isolation.suites.server import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing(number: int) -> None:
    assert {"slug": number}["slug"] == number
