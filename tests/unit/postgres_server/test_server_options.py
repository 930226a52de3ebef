from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.server import ServerOptions
from seatrial.postgres.server.options import HBA, render
from seatrial.postgres.server.prepare import initdb_options


def lines(options=None, *, major=18, control_path=None, socket_dir="/run/x"):
    text = render(
        options=options or ServerOptions(),
        major=major,
        port=12345,
        socket_dir=Path(socket_dir),
        control_path=control_path,
    )
    return dict(line.split(" = ", 1) for line in text.splitlines())


@pytest.mark.parametrize(
    ("name", "since"), [("scram_iterations", 16), ("allow_alter_system", 17), ("io_method", 18)]
)
def test_settings_appear_with_their_version(name, since):
    assert name in lines(major=since)
    assert name not in lines(major=since - 1)


def test_initdb_knows_the_version_too():
    assert "--builtin-locale=C.UTF-8" in initdb_options(17)
    assert "--builtin-locale=C.UTF-8" not in initdb_options(16)
    assert "--no-data-checksums" not in initdb_options(17)


def test_settings_of_the_team_win():
    assert lines(ServerOptions(settings={"Work_Mem": "64MB", "fsync": "on"}))["fsync"] == "'on'"
    assert lines(ServerOptions(settings={"Work_Mem": "64MB"}))["work_mem"] == "'64MB'"


def test_quotes_and_backslashes_are_escaped():
    assert lines(ServerOptions(settings={"app.note": r"it's a \ "}))["app.note"] == r"'it''s a \\ '"


def test_a_comma_in_the_socket_folder_stays_one_folder():
    assert lines(socket_dir="/a,b")["unix_socket_directories"] == "'\"/a,b\"'"


def test_real_extensions_come_before_stand_ins():
    assert lines(control_path=Path("/r/stand-ins"))["extension_control_path"] == "'$system:/r/stand-ins'"
    assert "extension_control_path" not in lines()


@pytest.mark.parametrize("name", ["port", "LISTEN_addresses", "unix_socket_directories", "bad name", "x\n"])
def test_settings_that_are_ours_are_refused(name):
    with pytest.raises(ServerError, match=r"server\.bad-setting"):
        ServerOptions(settings={name: "1"})


def test_a_value_of_two_lines_is_refused():
    with pytest.raises(ServerError, match=r"server\.bad-setting"):
        ServerOptions(settings={"work_mem": "1MB'\nfsync = 'on"})


def test_the_superuser_is_refused_over_tcp():
    rules = [line.split() for line in HBA.splitlines()]
    assert rules.index(["host", "all", "seatrial", "127.0.0.1/32", "reject"]) == 1
    assert [rule[-1] for rule in rules] == ["trust", "reject", "scram-sha-256"]
