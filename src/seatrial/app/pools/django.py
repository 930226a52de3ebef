"""Let Django's connections, one for each thread and alias, connect again after a replacement."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from seatrial.app.pools.addresses import is_one_of
from seatrial.app.pools.instances import Instances

if TYPE_CHECKING:
    from seatrial.app.pools.addresses import Addresses


class DjangoHealer:
    """Closes what Django keeps open: `CONN_MAX_AGE` across requests, and in tests that use its models."""

    def __init__(self) -> None:
        self._wrappers = Instances()

    def retire(self, addresses: Addresses) -> None:
        """Close every connection to these servers, whose sessions have ended already."""
        module = sys.modules.get("django.db.backends.postgresql.base")
        if module is None:
            return
        # Threads come and go with connections of their own, so each search walks the heap.
        for wrapper in self._wrappers.find((module.DatabaseWrapper,), None):
            settings = wrapper.settings_dict
            outdated = wrapper.connection is not None and not wrapper.in_atomic_block
            if outdated and is_one_of(settings.get("HOST"), settings.get("PORT"), addresses):
                _close(wrapper)


def _close(wrapper: Any) -> None:
    # Not close(): Django refuses it from another thread, and the thread it belongs to is idle.
    with contextlib.suppress(Exception):
        wrapper._close()  # noqa: SLF001 - also gives it back to Django's own pool, where there is one
    wrapper.connection = None
