"""Asking a module that is run in a process of its own: a request in, an answer in a file without a name."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def ask(
    worker: str,
    request: Mapping[str, Any],
    *,
    root: Path,
    environment: Mapping[str, str],
    limit: float,
) -> tuple[dict[str, Any], str]:
    """Run a worker; its answer, empty if it died, and what it printed.

    Args:
        worker: the module.
        request: what it reads from its standard input, and `answer`, the descriptor to write to.
        root: the folder it runs in.
        environment: its whole environment.
        limit: seconds after which it is ended, with all that it has started.

    Raises:
        subprocess.TimeoutExpired: it took longer.
    """
    # Nothing of such a file remains, whoever is killed.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        output = _run(
            worker,
            {**request, "answer": answer.fileno()},
            root=root,
            environment=environment,
            limit=limit,
        )
        answer.seek(0)
        return json.loads(answer.read() or "{}"), output


def _run(
    worker: str, request: Mapping[str, Any], *, root: Path, environment: Mapping[str, str], limit: float
) -> str:
    process = subprocess.Popen(
        [sys.executable, "-m", worker],
        cwd=root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=(request["answer"],),
        # A group of its own, so that what the project's code starts in turn can be ended with it.
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(json.dumps(request), timeout=limit)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return output
