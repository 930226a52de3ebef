"""Applications with the identities that a settings file declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrial.app import AppRunner, AsyncClient, Client, LoadedApp
from seatrial.config import load_settings
from seatrial.identities import Identities
from seatrial.trial.callers import Callers


class Called:
    """A running application, its clients and its callers."""

    def __init__(self, app: Any, settings: Path, *, kind: Any, transport: Any) -> None:
        self.runner = AppRunner(lambda: LoadedApp(app=app, kind=kind, path="test:app"), transport=transport)
        self.callers = Callers(load_settings(settings), client=self.client, runner=lambda: self.runner)
        self.runner.start()

    @property
    def identities(self) -> Identities:
        return self.callers.identities

    def client(self, *, lasting: bool = False) -> Client:
        return Client(
            transport=self.runner.sync_transport(),
            base_url=self.runner.base_url,
            authenticate=self.callers.lasting_headers if lasting else self.callers.headers,
        )

    def async_client(self) -> AsyncClient:
        return AsyncClient(
            transport=self.runner.async_transport(),
            base_url=self.runner.base_url,
            authenticate=self.callers.headers,
        )


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Callable[..., Called]]:
    """Run an application with `[identities]` as given; it is stopped after the test."""
    made: list[Called] = []

    def run(app: Any, identities: str, *, kind: str = "asgi3", transport: str = "memory") -> Called:
        settings = tmp_path / "seatrial.toml"
        settings.write_text(f"[identities]\n{identities}", encoding="utf-8")
        made.append(Called(app, settings, kind=kind, transport=transport))
        return made[-1]

    yield run
    for called in made:
        called.runner.stop()
        called.callers.close()
