"""Runs the tests on a workspace in a process of its own, as they run on a real one: `python scripts/live.py`.

The workspace is the one of `tests/workspace.py`. What follows on the command line goes to pytest.
"""

import os
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def main(arguments: list[str]) -> int:
    """Serve the workspace, run pytest in live mode, and end the workspace; pytest's status."""
    serve = [sys.executable, "-m", "seatrial", "fake", "databricks"]
    with subprocess.Popen(serve, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as workspace:
        try:
            told = _told(workspace)
            run = [sys.executable, "-m", "pytest", *arguments]
            environment = {**os.environ, **told, "TEST_MODE": "live"}
            return subprocess.run(run, cwd=PROJECT, env=environment, check=False).returncode
        finally:
            workspace.terminate()


def _told(workspace: subprocess.Popen[str]) -> dict[str, str]:
    """What the command says of itself: its address first, then variables, until it answers."""
    assert workspace.stdout is not None
    variables = {"DATABRICKS_HOST": workspace.stdout.readline().strip()}
    for line in workspace.stdout:
        name, sign, value = line.strip().partition("=")
        if not sign:
            break
        variables[name] = value
    profiles = ConfigParser(interpolation=None)
    profiles.read(variables["DATABRICKS_CONFIG_FILE"])
    variables["DATABRICKS_CLIENT_ID"] = profiles["app"]["client_id"]
    variables["DATABRICKS_CLIENT_SECRET"] = profiles["app"]["client_secret"]
    return variables


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
