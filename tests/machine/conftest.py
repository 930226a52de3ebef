"""One server and one engine of each kind for all programs of a process."""

from __future__ import annotations

import pytest

from seatrial.postgres.cache import CacheFolder
from tests.machine.engines import ENGINES
from tests.machine.server import MachineServer
from tests.machine.stage import Stage


@pytest.fixture(scope="session")
def machine_server(shared_cache):
    server = MachineServer.start(CacheFolder.locate({"SEATRIAL_CACHE": str(shared_cache)}))
    yield server
    server.stop()


@pytest.fixture
def stage(machine_server, request):
    """A stage for the engine that the test names."""
    made = Stage(machine_server, ENGINES[request.getfixturevalue("name")])
    yield made
    made.close()
