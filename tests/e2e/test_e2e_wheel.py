"""From the built wheel to the README's example, as a newcomer does it."""

from __future__ import annotations

import csv
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from seatrial import __version__
from tests.support.readme import ROOT, write_example
from tests.support.runs import Run, Runs
from tests.support.venvs import UV, call, make_venv


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """Below a home folder that nobody else may enter."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    return make_venv(home / "venv", wheel, python=sys.executable)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def start_example(runs: Runs, folder: Path, venv: Path, *, mistake: tuple[str, str] = ("", "")) -> Run:
    """Do what the README says, in an empty folder, with the environment's programs first in the path."""
    commands = write_example(folder)
    assert commands[1:] == ["pytest"]
    shop = folder / "shop.py"
    shop.write_text(shop.read_text(encoding="utf-8").replace(*mistake), encoding="utf-8")
    environment = {"PATH": f"{venv}:{os.defpath}", "HOME": str(folder.parent)}
    return runs.start([str(venv / "pytest"), "--color=no"], cwd=folder, env=environment)


def test_the_example_of_the_readme_runs_as_printed(runs: Runs, empty: Path, venv: Path) -> None:
    run = start_example(runs, empty, venv)
    run.finish().expect(passed=2)
    assert run.folders, "a server ran"
    assert venv.parent.parent.stat().st_mode & 0o777 == 0o700
    run.expect_nothing_left()
    assert {path.name for path in empty.iterdir()} == {
        "shop.py", "schema.sql", "pyproject.toml", "test_shop.py", "__pycache__", ".pytest_cache",
    }  # fmt: skip


def test_the_example_fails_when_the_application_is_wrong(runs: Runs, empty: Path, venv: Path) -> None:
    run = start_example(runs, empty, venv, mistake=("status_code=201", "status_code=200"))
    run.finish().expect(1, passed=1, failed=1)


def test_the_command_line_tells_its_version(venv: Path) -> None:
    assert call(venv / "seatrial", "--version", cwd="/").strip() == f"seatrial {__version__}"


def test_the_installed_packages_agree(venv: Path) -> None:
    call(UV, "pip", "check", "--python", venv / "python")


def test_all_files_but_the_command_lie_in_the_package(venv: Path) -> None:
    (record,) = venv.parent.glob("lib/*/site-packages/seatrial-*.dist-info/RECORD")
    with record.open(encoding="utf-8", newline="") as lines:
        files = [row[0] for row in csv.reader(lines)]
    outside = [file for file in files if not file.startswith(("seatrial/", f"{record.parent.name}/"))]
    assert outside == ["../../../bin/seatrial"]


def sources() -> set[str]:
    found = (ROOT / "src" / "seatrial").rglob("*")
    return {
        path.relative_to(ROOT / "src").as_posix()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == sources()
    assert {"seatrial/py.typed", "seatrial/postgres/server/stand_ins/extension/uuid-ossp.control"} <= names


def test_the_source_distribution_is_enough_to_build_from(distributions: Path) -> None:
    (file,) = distributions.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert {f"src/{name}" for name in sources()} <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= names
    assert {name.partition("/")[0] for name in names} <= {
        "src", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO", ".gitignore",
    }  # fmt: skip
