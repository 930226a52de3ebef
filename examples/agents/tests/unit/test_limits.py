"""The sliding minute of the chat limit, on a clock that the tests move."""

from uuid import UUID

import pytest

from agents import limits
from agents.errors import ApiError

pytestmark = pytest.mark.unit

TENANT, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def clock(monkeypatch):
    """Seconds since some moment; append to move on."""
    seconds = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: seconds[-1])
    limits.clear()
    yield seconds
    limits.clear()


def refused_for(tenant=TENANT, per_minute=2):
    """Ask once; the seconds to wait, or None if it was allowed."""
    try:
        limits.take(tenant, per_minute=per_minute)
    except ApiError as refused:
        return refused.headers["Retry-After"]
    return None


def test_places_become_free_one_by_one(clock):
    assert refused_for() is None
    clock.append(1020.0)
    assert refused_for() is None
    assert refused_for() == "40"
    clock.append(1059.9)
    assert refused_for() == "1"
    clock.append(1060.0)
    assert refused_for() is None
    assert refused_for() == "20"


def test_refused_requests_do_not_count_and_tenants_do_not_share(clock):
    assert [refused_for() for _ in range(5)] == [None, None, "60", "60", "60"]
    assert refused_for(OTHER) is None
    clock.append(1060.0)
    assert [refused_for() for _ in range(2)] == [None, None]


def test_a_lower_limit_counts_at_once(clock):
    assert [refused_for(per_minute=5) for _ in range(5)] == [None] * 5
    clock.append(1030.0)
    assert refused_for(per_minute=2) == "30"
