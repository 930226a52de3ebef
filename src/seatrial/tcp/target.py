"""Where a service is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeVar

_P = TypeVar("_P", bound=asyncio.Protocol)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A TCP address, or a unix socket where `path` is set."""

    host: str = ""
    port: int = 0
    path: str = ""

    async def connect(self, protocol: _P) -> None:
        """Connect a protocol to it.

        Raises:
            OSError: nobody answers there.
        """
        loop = asyncio.get_running_loop()
        if self.path:
            await loop.create_unix_connection(lambda: protocol, self.path)
        else:
            await loop.create_connection(lambda: protocol, self.host, self.port)

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
