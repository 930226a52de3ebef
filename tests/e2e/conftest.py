"""The built wheel, and an environment that every user of the machine can read."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.readme import ROOT
from tests.support.venvs import UV, call, make_venv, python_for_all


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    build = [UV, "build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder]
    for kind in ("--wheel", "--sdist"):
        call(*build, kind, ROOT)
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    (found,) = distributions.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def open_venv(wheel: Path) -> Iterator[Path]:
    """The bin folder of an environment that every user can read."""
    python = python_for_all()
    if python is None:
        pytest.skip("every Python 3.11+ on this machine lies in a private folder")
    folder = Path(tempfile.mkdtemp(prefix="seatrial-venv-"))
    folder.chmod(0o755)
    mask = os.umask(0o022)
    try:
        yield make_venv(folder / "venv", wheel, python=python)
    finally:
        os.umask(mask)
        shutil.rmtree(folder)
