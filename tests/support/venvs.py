"""Fresh environments with seatrial from its wheel, as the README says to install it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from uv import find_uv_bin

from seatrial.postgres.server.reach import is_reachable
from tests.support.readme import titled_blocks

UV = find_uv_bin()


def call(*command: str | Path, **how: object) -> str:
    """Run a command that must succeed; what it printed."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload]
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return str(result.stdout)


def make_venv(folder: Path, wheel: Path, *, python: str) -> Path:
    """A fresh environment with what the README says to install, seatrial from its wheel; its bin folder."""
    program, verb, ours, *others = shlex.split(titled_blocks()["run"].splitlines()[0])
    assert (program, verb, ours) == ("pip", "install", "seatrial[postgres]")
    call(UV, "venv", "--quiet", "--no-project", "--python", python, folder)
    pins = folder / "pins.txt"
    pins.write_text("".join(f"{name}=={version}\n" for name, version in _installed_here()), encoding="utf-8")
    wanted = [f"{ours} @ {wheel.as_uri()}", *others]
    install = [UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", "--constraint", pins]
    if subprocess.run([*install, "--offline", *wanted], capture_output=True, check=False).returncode != 0:
        call(*install, *wanted)
    return folder / "bin"


def _installed_here() -> list[tuple[str, str]]:
    """The versions the lock chose: they are in uv's cache, and a new release must not turn this run red."""
    found = {(item.name, item.version) for item in metadata.distributions() if item.name}
    return sorted(pair for pair in found if pair[0].lower() != "seatrial")


def python_for_all() -> str | None:
    """An interpreter that every user of this machine can start."""
    version = f"python3.{sys.version_info.minor}"
    for name in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin"), "/usr/bin/python3"):
        if name and Path(name).exists() and is_reachable(Path(name)):
            told = subprocess.run(
                [name, "-c", "import sys; print(sys.version_info >= (3, 11))"],
                capture_output=True,
                check=False,
            )
            if told.stdout == b"True\n":
                return str(Path(name).resolve())
    return None
