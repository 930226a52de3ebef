"""Coverage beside seatrial: an option that would measure nothing stops the run before it starts."""

from __future__ import annotations

from tests.support.project import Project


def test_several_packages_in_one_option(project: Project) -> None:
    project.write(
        {
            "pyproject.toml": "[tool.seatrial]\n",
            "core.py": "A = 1\n",
            "models.py": "B = 2\n",
            "test_one.py": "import core, models\ndef test_one():\n    assert core.A < models.B\n",
        }
    )
    cov = ("-p", "pytest_cov.plugin", "--cov-report=term")
    result = project.pytest(*cov, "--cov=core,models")
    assert result.status == 4, result.output
    assert "--cov=core,models measures nothing" in result.output
    assert "What to do: Write --cov=core --cov=models" in result.output
    measured = project.pytest(*cov, "--cov=core", "--cov=models").expect(passed=1)
    assert "core.py" in measured.output
    assert "models.py" in measured.output
