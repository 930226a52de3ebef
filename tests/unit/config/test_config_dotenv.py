from __future__ import annotations

from typing import TYPE_CHECKING

import dotenv
import pytest

from seatrial.config import RemoteHost, scan_dotenv
from seatrial.config.dotenv import read_dotenv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("file", [".env", ".env.local", ".env.test"])
def test_a_remote_store_in_a_file_is_found_with_its_origin(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("REPLICA_URL=postgres://u:hunter2@db.prod/x\nOTHER=1\n")
    found = scan_dotenv(tmp_path, {})
    assert found == [RemoteHost(variable="REPLICA_URL", host="db.prod", origin=file)]
    assert "hunter2" not in repr(found)


def test_a_variable_that_the_environment_sets_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("Database_Url=postgres://db.prod/x\nREDIS_HOST=cache.prod\n")
    assert [found.variable for found in scan_dotenv(tmp_path, {"DATABASE_URL": ""})] == ["REDIS_HOST"]


def test_allowed_hosts_and_our_own_variables_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=postgres://a.prod/x\nB=postgres://b.prod/x\nC=postgres://c.prod/x\n")
    assert [found.host for found in scan_dotenv(tmp_path, {}, allow=["a.prod"], ours=["B"])] == ["c.prod"]


def test_other_files_and_folders_are_not_read(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("A=postgres://a.prod/x\n")
    (tmp_path / ".env").mkdir()
    assert scan_dotenv(tmp_path, {}) == []


def test_bytes_that_are_no_utf8_do_not_hide_the_rest(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\nB=postgres://b.prod/x\n")
    assert [found.host for found in scan_dotenv(tmp_path, {})] == ["b.prod"]


CONTENTS = [
    "A=1",
    "A = 1 ",
    "export A=1\n  export\tB=2",
    "# A=1\n\nB=2 # why\nC=3#no\nD=#\n",
    "A='single # kept'\nB=\"double # kept\" # gone",
    "A='two\nlines'\nB=3",
    "A=x\nB=${A}/y\nC=${MISSING:-else}\nD=${MISSING}\nE=${SET}",
    "'A B'=1",
    "A=\nB=2",
    "A=1\r\nB=2\r\n",
    "A=a=b=c",
    "A=1\nA=2",
    "A=é",
    "",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_files_are_read_as_python_dotenv_reads_them(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content.encode())
    monkeypatch.setenv("SET", "outer")
    assert read_dotenv(file, {"SET": "outer"}) == dotenv.dotenv_values(file)
