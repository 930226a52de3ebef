"""A project that stops where it is told to, so that a test can end its run at that very moment."""

from __future__ import annotations

from pathlib import Path

from tests.support.project import Project

MOMENTS = ("collection", "template", "startup", "test", "teardown")

PYPROJECT = """
[tool.seatrial]
app = "harbour:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
seeds = ["seed:fill"]
"""

SCHEMA = "create table ships (id int generated always as identity primary key, name text);\n"

GATE = """
import os, threading
from pathlib import Path

def wait_at(moment):
    if os.environ.get("GATE") == moment:
        Path(f"at-{moment}-{os.getpid()}").touch()
        threading.Event().wait()
"""

SEED = """
import gate

def fill(db):
    db.execute("insert into ships (name) values ('Beagle')")
    gate.wait_at("template")
"""

HARBOUR = """
import gate

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        gate.wait_at("startup")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        gate.wait_at("teardown")
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
"""

TESTS = """
import gate, pytest

gate.wait_at("collection")

@pytest.mark.parametrize("name", ["Argo", "Fram"])
def test_one_more_ship(client, db, name):
    assert client.get("/").status_code == 204
    db.execute("insert into ships (name) values (%s)", name)
    gate.wait_at("test")
    assert db.rows("select id, name from ships order by id")[1:] == [{"id": 2, "name": name}]
"""


def gated(project: Project) -> Project:
    """Write the project; with `GATE=<moment>` in its environment a run of it stops there for good."""
    return project.write(
        {
            "pyproject.toml": PYPROJECT,
            "schema.sql": SCHEMA,
            "gate.py": GATE,
            "seed.py": SEED,
            "harbour.py": HARBOUR,
            "test_ships.py": TESTS,
        }
    )


def waiting(project: Project, moment: str) -> list[Path]:
    """A file for each process that has reached the moment."""
    return list(project.root.glob(f"at-{moment}-*"))
