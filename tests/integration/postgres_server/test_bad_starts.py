from __future__ import annotations

import socket

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import ServerOptions, find_binaries, prepared_data, sweep_stale_runs
from seatrial.postgres.server.copying import copy_tree
from seatrial.postgres.server.runs import run_roots


def leftovers(label):
    return [path for root in run_roots() if root.is_dir() for path in root.glob(f"*{label}*")]


def test_a_port_in_use_shows_the_servers_own_words(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ServerError, match="could not bind") as error:
            start(port=other.getsockname()[1], label="inuse")
    assert error.value.code == "server.died"
    assert leftovers("inuse") == []


def test_a_refused_setting_shows_the_servers_own_words(start):
    with pytest.raises(ServerError, match="no_such_setting") as error:
        start(options=ServerOptions(settings={"no_such_setting": "1"}), label="refused")
    assert error.value.code == "server.died"
    assert len(error.value.detail.splitlines()) <= 20
    assert leftovers("refused") == []


@pytest.mark.parametrize("content", [None, "", "12\n", "\xff"])
def test_data_of_another_version_is_refused(start, source, tmp_path, content):
    copy_tree(source, tmp_path / "data")
    if content is None:
        (tmp_path / "data" / "PG_VERSION").unlink()
    else:
        (tmp_path / "data" / "PG_VERSION").write_text(content, encoding="latin-1")
    with pytest.raises(ServerError, match=r"server\.wrong-data"):
        start(source=tmp_path / "data")


def test_truncated_data_ends_with_the_log(start, source, tmp_path):
    copy_tree(source, tmp_path / "data")
    (tmp_path / "data" / "global" / "pg_control").write_bytes(b"short")
    with pytest.raises(ServerError, match="pg_control") as error:
        start(source=tmp_path / "data", label="truncated")
    assert error.value.code == "server.died"
    assert leftovers("truncated") == []


@pytest.mark.parametrize("damaged", ["PG_VERSION", "global/pg_control", "manifest"])
def test_damaged_prepared_data_is_made_again(binaries, tmp_path, start, damaged):
    (tmp_path / "cache").mkdir()
    cache = CacheFolder(tmp_path / "cache")
    data = prepared_data(binaries, cache)
    if damaged == "PG_VERSION":
        (data / damaged).write_text("9\n")
    elif damaged == "manifest":
        (data.parent / "manifest.json").unlink()
    else:
        (data / damaged).write_bytes(b"")
    assert start(source=prepared_data(binaries, cache)).version == binaries.version


def test_a_failing_initdb_shows_its_words(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (
        ("postgres", "echo 'postgres (PostgreSQL) 18.6'"),
        ("initdb", "echo 'initdb: no locale here'; exit 3"),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "postgres.bki").write_text("")
    (tmp_path / "cache").mkdir()
    with pytest.raises(ServerError, match="no locale here") as error:
        prepared_data(find_binaries(str(folder)), CacheFolder(tmp_path / "cache"))
    assert error.value.code == "server.initdb"
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_folder_without_passage_for_sockets_uses_a_short_one(start, tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr("seatrial.postgres.server.runs.SHARED_MEMORY", tmp_path / "absent")
    monkeypatch.setenv("SEATRIAL_CACHE", str(deep))
    server = start()
    assert server.run_dir.is_relative_to(deep)
    assert not server.socket_dir.is_relative_to(deep)
    server.stop()
    assert not server.socket_dir.exists()
    assert sweep_stale_runs() == []
