"""How often a tenant may ask the model, counted in this process over a sliding minute."""

import time
from collections import defaultdict, deque
from uuid import UUID

from agents.errors import ApiError

_WINDOW_SECONDS = 60.0

_recent: defaultdict[UUID, deque[float]] = defaultdict(deque)


def take(tenant_id: UUID, *, per_minute: int) -> None:
    """Count one request of the tenant.

    Raises:
        ApiError: 429 RATE_LIMITED with `Retry-After`; a refused request does not count.
    """
    now = time.monotonic()
    recent = _recent[tenant_id]
    while recent and recent[0] <= now - _WINDOW_SECONDS:
        recent.popleft()
    if len(recent) >= per_minute:
        free_at = recent[-per_minute] + _WINDOW_SECONDS
        raise ApiError(
            429,
            "RATE_LIMITED",
            f"This tenant may ask the model {per_minute} times a minute.",
            headers={"Retry-After": str(max(1, round(free_at - now)))},
        )
    recent.append(now)


def clear() -> None:
    """Forget every request."""
    _recent.clear()
