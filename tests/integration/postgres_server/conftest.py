"""Servers of this process, and servers of other users' processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import seatrial
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries, prepared_data
from seatrial.postgres.server.reach import is_reachable, reachable_binaries

OWNER = Path(__file__).with_name("owner_process.py")


@pytest.fixture(scope="session")
def cache(shared_cache):
    shared_cache.mkdir(exist_ok=True)
    return CacheFolder(shared_cache)


@pytest.fixture(scope="session")
def binaries():
    return find_binaries()


@pytest.fixture(scope="session")
def source(binaries, cache):
    return prepared_data(binaries, cache)


@pytest.fixture
def start(binaries, source, monkeypatch, cache):
    """Start a server that ends with the test."""
    monkeypatch.setenv("SEATRIAL_CACHE", str(cache.root))
    servers, ports = [], []

    def starter(**changes):
        port = ReservedPort.reserve()
        ports.append(port)
        given = {"source": source, "binaries": binaries, "port": port.port, "options": ServerOptions()}
        servers.append(EmbeddedServer.start(**{**given, **changes}))
        return servers[-1]

    yield starter
    for server in servers:
        server.stop()
    for port in ports:
        port.release()


class Owner:
    """A process that owns a server; `stages` are what it said so far."""

    def __init__(self, process, orders):
        self.process = process
        self.stages = {}
        self.tell(json.dumps(orders))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, stage):
        while stage not in self.stages:
            line = self.process.stdout.readline()
            assert line, f"the process ended after {self.stages}"
            said = json.loads(line)
            self.stages[said["stage"]] = said
            assert said["stage"] == stage or "failed" not in self.stages, said
        return self.stages[stage]

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def code_for_all(tmp_path_factory):
    """Our package where every user can read it."""
    if is_reachable(Path(seatrial.__file__)):
        yield Path(seatrial.__file__).parent.parent
        return
    folder = Path(tempfile.mkdtemp(prefix="seatrial-code-"))
    folder.chmod(0o755)
    shutil.copytree(Path(seatrial.__file__).parent, folder / "seatrial")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def public_tmp():
    """A temporary folder that other users can reach, for the programs copied for them."""
    folder = Path(tempfile.mkdtemp(prefix="st-"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def binaries_for_all(binaries, public_tmp):
    """The server's programs where every user can run them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(public_tmp))
        return reachable_binaries(binaries)


def python_for_all():
    version = f"python3.{sys.version_info.minor}"
    for name in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin"), "/usr/bin/python3"):
        if name and Path(name).exists() and is_reachable(Path(name)):
            return name
    return pytest.skip("every Python on this machine lies in a private folder")


@pytest.fixture
def own(code_for_all, cache, binaries_for_all, public_tmp):
    """Run `owner_process.py`, as this user or another one."""
    owners, folders = [], []

    def starter(*, uid=None, cache_root=None, **orders):
        python, environment = sys.executable, {"PYTHONPATH": str(code_for_all), "PATH": os.environ["PATH"]}
        user = {}
        if orders.get("refuse_namespaces"):
            environment["TMPDIR"] = str(public_tmp)
        if uid is not None:
            python = python_for_all()
            user = {"user": uid, "group": uid, "extra_groups": []}
            orders.setdefault("bin", str(binaries_for_all.bin))
        if cache_root is None and uid is not None:
            cache_root = Path(tempfile.mkdtemp(prefix="seatrial-cache-"))
            folders.append(cache_root)
            os.chown(cache_root, uid, uid)
        environment["SEATRIAL_CACHE"] = str(cache_root or cache.root)
        process = subprocess.Popen(
            [python, "-B", str(OWNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd="/",
            **user,
        )
        owners.append(Owner(process, orders))
        return owners[-1]

    yield starter
    for owner in owners:
        if owner.process.poll() is None:
            owner.process.kill()
        owner.process.stdin.close()
        owner.process.stdout.close()
        owner.process.wait()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
