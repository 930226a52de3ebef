"""A full or tiny /dev/shm, as containers have it: real small file systems in a mount namespace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only Linux's root can mount"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux"),
]

SCRIPT = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from seatrial.errors import SeatrialError
    from seatrial.postgres.server import EmbeddedServer, ReservedPort, ServerOptions, find_binaries
    port = ReservedPort.reserve().port
    try:
        server = EmbeddedServer.start(
            source=Path(sys.argv[1]), binaries=find_binaries(), port=port, options=ServerOptions()
        )
    except SeatrialError as error:
        print(json.dumps({"code": error.code, "left": [str(p) for p in Path("/dev/shm").rglob("*")]}))
    else:
        print(json.dumps({"run": str(server.run_dir), "left": [str(p) for p in Path("/dev/shm").rglob("*")]}))
        server.stop()
    """
)


def start_with(mounts, source, cache_root):
    commands = "; ".join(f"mount -t tmpfs -o {options} tmpfs {place}" for place, options in mounts.items())
    result = subprocess.run(
        [
            "unshare",
            "--mount",
            "sh",
            "-ec",
            f'{commands}; exec "$@"',
            "sh",
            sys.executable,
            "-c",
            SCRIPT,
            source,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SEATRIAL_CACHE": str(cache_root)},
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_small_shared_memory_is_passed_over(source, cache):
    told = start_with({"/dev/shm": "size=64m"}, source, cache.root)
    assert told["run"].startswith(str(cache.root / "runs"))
    assert told["left"] == []


def test_a_copy_that_fills_the_file_system_goes_elsewhere(source, cache):
    # Enough bytes by the look of it, but not enough inodes: only the copy itself finds out.
    told = start_with({"/dev/shm": "size=4g,nr_inodes=300"}, source, cache.root)
    assert told["run"].startswith(str(cache.root / "runs"))
    assert told["left"] == []


def test_no_space_anywhere_is_an_error(source, tmp_path, monkeypatch):
    (tmp_path / "small").mkdir()
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    mounts = dict.fromkeys(("/dev/shm", str(tmp_path / "small"), "/var/tmp"), "size=64m")
    told = start_with(mounts, source, tmp_path / "small" / "cache")
    assert told == {"code": "server.no-space", "left": []}
