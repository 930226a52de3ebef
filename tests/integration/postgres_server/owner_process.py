"""A process that owns a server, for tests that change its user, its limits or its life.

It reads one JSON line with its orders, prints one per stage, and ends with its stdin.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import signal
import struct
import sys

UNSHARE = {"x86_64": 272, "aarch64": 97}
CLONE_NEWUSER = 0x10000000


def refuse_namespaces():
    """Answer `unshare(CLONE_NEWUSER)` with EPERM here and in all children, as container sandboxes do."""
    load, jump_equal, jump_set, answer = 0x20, 0x15, 0x45, 0x06
    allow, refuse = 0x7FFF0000, 0x00050001
    program = b"".join(
        struct.pack("HBBI", *step)
        for step in (
            (load, 0, 0, 0),
            (jump_equal, 0, 3, UNSHARE[platform.machine()]),
            (load, 0, 0, 16),
            (jump_set, 0, 1, CLONE_NEWUSER),
            (answer, 0, 0, refuse),
            (answer, 0, 0, allow),
        )
    )
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, described, 0, 0) == 0, os.strerror(ctypes.get_errno())


def say(**stage):
    sys.stdout.write(json.dumps(stage) + "\n")
    sys.stdout.flush()


def main():
    orders = json.loads(sys.stdin.readline())
    if orders.get("refuse_namespaces"):
        refuse_namespaces()
    from seatrial.errors import SeatrialError
    from seatrial.postgres.cache import CacheFolder
    from seatrial.postgres.server import (
        EmbeddedServer,
        ReservedPort,
        ServerOptions,
        find_binaries,
        prepared_data,
    )

    try:
        binaries = find_binaries(orders.get("bin"))
        cache = CacheFolder.locate()
        source = prepared_data(binaries, cache)
        say(stage="prepared", cache=str(cache.root), source=str(source))
        server = EmbeddedServer.start(
            source=source,
            binaries=binaries,
            port=ReservedPort.reserve().port,
            options=ServerOptions(stand_ins=tuple(orders.get("stand_ins", ()))),
            label=orders.get("label", ""),
        )
    except SeatrialError as error:
        say(stage="failed", code=error.code, text=str(error))
        return
    say(
        stage="started",
        dsn=server.admin_dsn(),
        pid=server.pid,
        run_dir=str(server.run_dir),
        data_dir=str(server.data_dir),
        supervisor=server._launch.supervised._process.pid,
        identity=server._launch.identity.kind,
        port=server.port,
    )
    if orders.get("fork"):
        child = os.fork()
        if child == 0:
            signal.pause()
        say(stage="forked", pid=child)
    if sys.stdin.readline().strip() == "keep":
        kept = cache.root / "kept"
        server.stop_and_keep(kept)
        again = EmbeddedServer.start(
            source=kept, binaries=binaries, port=ReservedPort.reserve().port, options=ServerOptions()
        )
        say(stage="kept", version=(kept / "PG_VERSION").read_text().strip(), uid=kept.stat().st_uid)
        again.stop()
    server.stop()
    say(stage="stopped", left=server.run_dir.exists())


if __name__ == "__main__":
    main()
