"""SQL stand-ins for extensions that a server lacks, used only where they are declared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seatrial.postgres.server.binaries import Binaries

SHIPPED = Path(__file__).with_name("stand_ins") / "extension"
CONTROL_PATH_SINCE = 18


def stand_in_names() -> tuple[str, ...]:
    """The extensions for which a stand-in exists."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.control")))


def install_stand_ins(names: Iterable[str], *, binaries: Binaries, folder: Path) -> Path | None:
    """Copy the stand-ins that the server needs to `folder`, where the server process can read them.

    Returns:
        The value for `extension_control_path`, or None when the server has all of `names` itself.

    Raises:
        ServerError: there is no such stand-in, or the server is too old for any.
    """
    missing = [name for name in dict.fromkeys(names) if not binaries.has_extension(name)]
    if not missing:
        return None
    unknown = sorted(set(missing) - set(stand_in_names()))
    if unknown:
        raise ServerError(
            f"A stand-in for {', '.join(unknown)} was asked for; there are stand-ins for "
            f"{', '.join(stand_in_names())} only.",
            code="server.no-stand-in",
            remedy="Remove it from `stand_ins`, or use a PostgreSQL that has the extension (`bin`).",
        )
    if binaries.major < CONTROL_PATH_SINCE:
        raise ServerError(
            f"Stand-ins need PostgreSQL {CONTROL_PATH_SINCE}, but {binaries.bin} holds {binaries.version}, "
            f"which lacks {', '.join(missing)}.",
            code="server.stand-ins-too-new",
            remedy="Install the real extension there, or use the PostgreSQL of `seatrial[postgres]`.",
        )
    target = folder / "extension"
    target.mkdir(parents=True, mode=0o700)
    for name in missing:
        for file in SHIPPED.glob(f"{name}[.-]*"):
            shutil.copyfile(file, target / file.name)
    return folder
