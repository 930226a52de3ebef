"""A real service for live mode: the fake of OpenAI, served by another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SERVE = Path(__file__).parents[2] / "support" / "served_fake.py"


@pytest.fixture
def serve():
    """Start such a service: `serve()` or `serve("https")`; its URL and the file of its authority."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [sys.executable, SERVE, "openai", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        url, ca_file = process.stdout.readline().split()
        return url, ca_file

    yield start
    for process in started:
        process.communicate(timeout=30)
