"""Keep one process alive exactly as long as its owner lives, then tidy up after both.

Runs as a script (`python -I -S supervisor.py`) in a session of its own, with the standard library only, so
that a `kill -9` of the owner cannot take it along. The owner speaks JSON lines over stdin and reads them from
stdout:

* `hold` (owner, lease, remove, data_dir): whom to watch, which inherited lock to keep, what to delete at the
  end; answered by `holding`.
* `run` (command, environment, identity, log): start the process; answered by `started`, `refused`, `failed`.
* `stop` (signal): pass a signal on; `exited` follows when the process is gone.
* `finish`, or the end of stdin, or the end of the owner: stop the process at once, delete, leave.
"""

# ruff: noqa: PTH106, PTH108, PTH118, PTH120, PTH123
# (Importing pathlib would double the time until the supervisor is ready.)

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from typing import Any, NoReturn

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
IPC_RMID = 0
PATIENCE_SECONDS = 2.0
"""How long a server may take over an immediate stop before its processes are killed."""
DETACH_SECONDS = 0.5
"""How long killed processes may take until the kernel has taken their memory."""
OWNER_CHECK_MS = 100
"""How often to look at the owner where the system has no pidfd."""
SHM_LINE = 6
"""The line of `postmaster.pid` (from 0) with the key and id of the System V segment."""


class Refused(Exception):  # noqa: N818  (an outcome that the owner expects, not a defect)
    """The system does not let this process take the wanted identity."""


def remove_tree(path: str) -> None:
    """Delete a folder or file without following links; what cannot be deleted stays for the next sweep.

    `shutil.rmtree` would do, but importing it doubles the time until the supervisor is ready.
    """
    try:
        with os.scandir(path) as entries:
            children = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except NotADirectoryError:
        children = []
    except OSError:
        return
    for child, is_folder in children:
        if is_folder:
            remove_tree(child)
        else:
            with contextlib.suppress(OSError):
                os.unlink(child)
    with contextlib.suppress(OSError):
        os.rmdir(path)


def release_shared_memory(data_dir: str) -> bool:
    """Free the System V segment of a killed server: only another start in that folder would have.

    Numbers are used again, so the segment must still have the server's key, and nobody attached to it.

    Returns:
        False while a process that is being killed still holds it.
    """
    try:
        with open(os.path.join(data_dir, "postmaster.pid"), encoding="utf-8") as file:
            key, segment = file.read().splitlines()[SHM_LINE].split()
        with open("/proc/sysvipc/shm", encoding="ascii") as file:
            columns, *rows = (line.split() for line in file)
    except (OSError, ValueError, IndexError):
        return True
    for row in (dict(zip(columns, row, strict=False)) for row in rows):
        if (row["key"], row["shmid"]) == (key, segment):
            if row["nattch"] != "0":
                return False
            import ctypes  # noqa: PLC0415  (costs 5 ms and is needed only after a crash)

            ctypes.CDLL(None).shmctl(int(segment), IPC_RMID, None)
    return True


def enter_namespace(libc: Any, uid: int, gid: int) -> None:
    """Become `uid` inside a new user namespace; outside, files and signals keep the real user."""
    import ctypes  # noqa: PLC0415  (see `execute`)

    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise Refused(f"unshare: {os.strerror(ctypes.get_errno())}")
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {outer_uid} 1"),
            ("gid_map", f"{gid} {outer_gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}") from error


def drop_to(uid: int, gid: int) -> None:
    """Give up root for good."""
    try:
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        raise Refused(f"setuid {uid}: {error.strerror}") from error


def die_with_parent(libc: Any) -> None:
    """Ask for a quick stop when the supervisor itself is killed. Must follow every change of identity."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
    if os.getppid() != parent or parent == 1:
        os._exit(1)


def execute(order: dict[str, Any]) -> NoReturn:
    """Turn this forked process into the ordered command. Standard output and error go to the log."""
    # Not at the top, since owners import this file too; and before the identity changes, since another
    # account may not be able to read the standard library.
    import ctypes  # noqa: PLC0415

    libc = ctypes.CDLL(None, use_errno=True)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    identity = order["identity"]
    if identity["kind"] == "namespace":
        enter_namespace(libc, identity["uid"], identity["gid"])
    elif identity["kind"] == "setuid":
        drop_to(identity["uid"], identity["gid"])
    die_with_parent(libc)
    os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606  (no shell is wanted)


def start(order: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Fork the ordered command.

    Returns:
        The process id (0 when there is none) and the answer for the owner.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            execute(order)
        except Refused as refusal:
            os.write(writer, f"refused:{refusal}".encode())
        except BaseException as error:  # noqa: BLE001  (a forked child must never return)
            os.write(writer, f"failed:{error}".encode())
        os._exit(127)
    os.close(writer)
    with open(reader, "rb") as stream:
        outcome = stream.read().decode(errors="replace")
    if not outcome:
        return child, {"event": "started", "pid": child}
    os.waitpid(child, 0)
    event, _, reason = outcome.partition(":")
    return 0, {"event": event, "reason": reason}


class Supervisor:
    """The loop: orders from the owner, the end of the process, the end of the owner."""

    def __init__(self) -> None:
        self.owner = os.getppid()
        self.remove: list[str] = []
        self.data_dir = ""
        self.child = 0
        self.finished = False
        self.pending = b""
        self.poll = select.poll()
        self.wake = self._watch_signals()
        self.poll.register(0, select.POLLIN | select.POLLHUP)
        self.poll.register(self.wake, select.POLLIN)
        self.pidfd = -1

    def _watch_signals(self) -> int:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._terminated)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        return reader

    def _terminated(self, *_: object) -> None:
        self.finished = True

    def watch_owner(self, owner: int) -> None:
        """From here on, the end of `owner` is noticed even when a forked child keeps our stdin open."""
        self.owner = owner
        if hasattr(os, "pidfd_open"):
            # Without pidfd (an old kernel, a strict sandbox) the parent id is looked at instead.
            with contextlib.suppress(OSError):
                self.pidfd = os.pidfd_open(owner)
                self.poll.register(self.pidfd, select.POLLIN)
        self.finished = self.finished or os.getppid() != owner

    def say(self, answer: dict[str, Any]) -> None:
        """Answer the owner; an owner that no longer listens is noticed elsewhere."""
        with contextlib.suppress(OSError):
            os.write(1, json.dumps(answer).encode() + b"\n")

    def obey(self, line: bytes) -> None:
        """Carry out one order."""
        order = json.loads(line)
        name = order["do"]
        if name == "hold":
            self.remove, self.data_dir = order["remove"], order["data_dir"]
            if order["lease"] is not None:
                os.set_inheritable(order["lease"], False)
            self.watch_owner(order["owner"])
            self.say({"event": "holding"})
        elif name == "run":
            self.child, answer = start(order)
            self.say(answer)
        elif name == "stop" and self.child:
            os.kill(self.child, order["signal"])
        elif name == "finish":
            self.finished = True

    def read_orders(self) -> None:
        """Take what the owner wrote; the end of the pipe is the end of the owner."""
        chunk = os.read(0, 65536)
        if not chunk:
            self.finished = True
        *lines, self.pending = (self.pending + chunk).split(b"\n")
        for line in lines:
            self.obey(line)

    def reap(self) -> None:
        """Report the end of the process."""
        if not self.child:
            return
        done, status = os.waitpid(self.child, os.WNOHANG)
        if done:
            self.child = 0
            self.say({"event": "exited", "status": os.waitstatus_to_exitcode(status)})

    def serve(self) -> None:
        """Wait for what comes first, until it is time to leave."""
        timeout = None if self.pidfd >= 0 else OWNER_CHECK_MS
        while not self.finished:
            ready = {descriptor for descriptor, _ in self.poll.poll(timeout)}
            if self.wake in ready:
                os.read(self.wake, 4096)
            self.reap()
            if self.pidfd in ready or os.getppid() != self.owner:
                self.finished = True
            elif 0 in ready:
                self.read_orders()
                timeout = None if self.pidfd >= 0 else OWNER_CHECK_MS

    def stop_child(self) -> None:
        """End the process now. Its data is about to be deleted, so nothing is worth waiting for."""
        if not self.child:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGQUIT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        waker = select.poll()
        waker.register(self.wake, select.POLLIN)
        while self.child and time.monotonic() < deadline:
            self.reap()
            if self.child and waker.poll(50):
                os.read(self.wake, 4096)
        if self.child:
            self.kill_child()

    def kill_child(self) -> None:
        """Kill a server that does not stop, backends first: they are sessions of their own."""
        backends: list[int] = []
        with (
            contextlib.suppress(OSError),
            open(f"/proc/{self.child}/task/{self.child}/children", "rb") as file,
        ):
            backends = [int(word) for word in file.read().split()]
        for process in (*backends, self.child):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        os.waitpid(self.child, 0)
        self.child = 0
        deadline = time.monotonic() + DETACH_SECONDS
        while not release_shared_memory(self.data_dir) and time.monotonic() < deadline:
            time.sleep(0.01)

    def leave(self) -> None:
        """Stop and delete. From here on a signal must not interrupt."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.stop_child()
        for path in self.remove:
            remove_tree(path)
        # The folder of all runs goes with the last of them.
        if self.remove:
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(self.remove[0]))


def main() -> None:
    """Serve one owner."""
    supervisor = Supervisor()
    try:
        supervisor.serve()
    finally:
        supervisor.leave()


if __name__ == "__main__":
    main()
