"""What `--cov` of pytest-cov names: a package or path each time, and never a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def refuse_lists(sources: Sequence[object], *, folder: Path) -> None:
    """Refuse several packages in one `--cov`: coverage takes them for one of that name, and measures nothing.

    Args:
        sources: the values of all `--cov` of this run; True where one has none.
        folder: the folder pytest was started in.

    Raises:
        SettingsError: a value has a comma, and there is no such path.
    """
    named = [source for source in sources if isinstance(source, str)]
    lists = [source for source in named if "," in source and not (folder / source).exists()]
    if lists:
        each = [part.strip() for source in named for part in _parts(source, lists) if part.strip()]
        raise SettingsError(
            f"--cov={lists[0]} measures nothing: it is read as one package, whose name has commas in it.",
            code="settings.cov-list",
            remedy="Write " + " ".join(f"--cov={part}" for part in each),
        )


def _parts(source: str, lists: Sequence[str]) -> list[str]:
    return source.split(",") if source in lists else [source]
