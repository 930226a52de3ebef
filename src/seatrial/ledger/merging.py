"""Making one file of the parts that the processes of a run have written."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from seatrial.ledger.events import Gap, to_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_ONCE = ("sql", "body", "catalogue")


def merge(parts: Sequence[Path], *, into: Path, missing: Sequence[str] = ()) -> list[str]:
    """Write the lines of all parts, in this order, into one file, in the place of what was there.

    Texts, bodies and catalogues stand in it once. What is damaged or missing becomes a `Gap`: the last
    line of a process that was killed, a process that did not come to its end. Parts without a line are
    passed over. The same parts give the same file.

    Args:
        parts: the files.
        into: the ledger; it is there as a whole or not at all.
        missing: what else is known not to be in it.

    Returns:
        Its gaps, in words.

    Raises:
        OSError: a file could not be read or written.
    """
    beside = into.with_name(f"{into.name}.merging")
    merging = _Merging()
    try:
        with beside.open("wb") as file:
            for part in parts:
                file.writelines(merging.lines(part))
            file.writelines(merging.gap(what) for what in missing)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(into)
    finally:
        beside.unlink(missing_ok=True)
    return merging.gaps


class _Merging:
    """What was written so far, as far as that decides what is written next."""

    def __init__(self) -> None:
        self.gaps: list[str] = []
        self._once: set[str] = set()

    def lines(self, part: Path) -> Iterator[bytes]:
        """The lines that a part adds."""
        ended = True
        with part.open("rb") as file:
            for number, line in enumerate(file, 1):
                values = _values(line)
                ended = values is not None and values["kind"] == "end"
                if values is None:
                    # Lines are written whole: only the end of the process can have cut one.
                    yield self.gap(f"line {number} of {part.name} is damaged")
                elif not self._is_known(values):
                    yield line
                    self.gaps += [str(values.get("what"))] if values["kind"] == "gap" else []
        if not ended:
            yield self.gap(f"{part.name} has no end: its process was killed, and what it did last is missing")

    def gap(self, what: str) -> bytes:
        """The line that tells what is missing."""
        self.gaps.append(what)
        return json.dumps(to_values(Gap(what=what))).encode() + b"\n"

    def _is_known(self, values: dict[str, Any]) -> bool:
        if values["kind"] not in _ONCE:
            return False
        key = f"{values['kind']} {values.get('id') or values.get('relations')}"
        known = key in self._once
        self._once.add(key)
        return known


def _values(line: bytes) -> dict[str, Any] | None:
    try:
        values = json.loads(line)
    except ValueError:
        return None
    whole = line.endswith(b"\n") and isinstance(values, dict) and isinstance(values.get("kind"), str)
    return values if whole else None
