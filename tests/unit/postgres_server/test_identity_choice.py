from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.postgres.server.identity import Account, Host, Identity, candidates, program_environment

NOBODY = Account(uid=65534, gid=65533)


def host(**changes):
    facts = {"platform": "linux", "uid": 1000, "gid": 1000, "known": True, "nobody": NOBODY, "wrapper": None}
    return Host(**{**facts, **changes})


@pytest.mark.parametrize(
    ("machine", "kinds"),
    [
        (host(), ["direct"]),
        (host(uid=0), ["namespace", "setuid"]),
        (host(uid=0, platform="darwin"), ["setuid"]),
        (host(uid=0, nobody=None), []),
        (host(known=False), ["namespace", "direct"]),
        (host(known=False, nobody=None), ["direct"]),
        (host(known=False, wrapper=Path("/lib/w.so")), ["namespace", "wrapper", "direct"]),
        (host(known=False, platform="darwin"), ["direct"]),
        (host(wrapper=Path("/lib/w.so")), ["direct"]),
    ],
)
def test_the_ways_in_their_order(machine, kinds):
    assert [identity.kind for identity in candidates(machine)] == kinds


def test_only_a_known_user_runs_initdb_directly():
    assert candidates(host())[-1].can_initdb
    assert not candidates(host(known=False))[-1].can_initdb


def test_root_becomes_the_account_of_nobody():
    assert {(way.uid, way.gid) for way in candidates(host(uid=0))} == {(65534, 65533)}


def test_the_wrapper_gets_an_account_of_its_own(tmp_path):
    identity = Identity(kind="wrapper", uid=12345, gid=54321, wrapper=Path("/lib/w.so"))
    environment = identity.environment(tmp_path)
    assert environment["LD_PRELOAD"] == "/lib/w.so"
    assert Path(environment["NSS_WRAPPER_PASSWD"]).read_text().split(":")[2:4] == ["12345", "54321"]
    assert Path(environment["NSS_WRAPPER_GROUP"]).read_text().split(":")[2] == "54321"


def test_no_setting_of_the_user_reaches_the_programs():
    given = {"PGDATA": "/x", "PGOPTIONS": "-c fsync=on", "LANG": "de_DE", "PATH": "/bin", "SECRET": "s"}
    assert program_environment(given) == {"PATH": "/bin", "LC_ALL": "C", "TZ": "UTC"}
