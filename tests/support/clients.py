"""An environment for clients that do not go together with those of the tests: openai 2.x, LiteLLM."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]
_LOCK = ROOT / "requirements" / "clients.txt"
_FOLDER = ROOT / ".venv-clients"
_STAMP = _FOLDER / ".installed"
MARK = "RESULT "
"""What a script's answers begin with; other lines are a library's own."""


class Script:
    """A script below this folder, run by that interpreter: told a word, it answers with a line of JSON.

    Args:
        name: the file, without its ending.
        address: of the fake it talks to.
    """

    def __init__(self, name: str, address: str) -> None:
        # LiteLLM would fetch its table of prices when it is imported.
        environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        self._process = subprocess.Popen(
            [clients_python(), Path(__file__).with_name(f"{name}.py"), address],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, word: str) -> Any:
        """What the script makes of a word."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        raise AssertionError(f"the script ended with status {self._process.wait()}; see its error output")

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def clients_python() -> Path:
    """The interpreter of that environment, which is made first where it is missing or older than its lock.

    The Makefile makes the same one: `make clients`.
    """
    python = _FOLDER / "bin" / "python"
    if not _is_current():
        _FOLDER.mkdir(exist_ok=True)
        with (_FOLDER / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_current():
                _make(python)
    return python


def _is_current() -> bool:
    return _STAMP.exists() and _STAMP.stat().st_mtime >= _LOCK.stat().st_mtime


def _make(python: Path) -> None:
    if not python.exists():
        _run(sys.executable, "-m", "venv", "--without-pip", str(_FOLDER))
    _run(
        find_uv_bin(),
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--require-hashes",
        "-r",
        str(_LOCK),
    )
    _STAMP.touch()


def _run(*command: str) -> None:
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, f"{command}\n{made.stdout}{made.stderr}"
