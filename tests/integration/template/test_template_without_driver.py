"""An installation without the extra says what to install."""

from __future__ import annotations

from tests.support.project import Project

# A finder that knows of no psycopg: what an environment without it looks like to an import.
WITHOUT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "psycopg":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")

sys.meta_path.insert(0, Without())
"""


def test_a_missing_driver_is_named(project: Project) -> None:
    project.shop("def test_it(db):\n    assert db.scalar('select 1') == 1\n", **{"conftest.py": WITHOUT})
    result = project.pytest().expect(4)
    assert "server.no-driver" in result.output
    assert 'pip install "seatrial[postgres]"' in result.output
