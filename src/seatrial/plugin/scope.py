"""What a run was asked to collect, so that what it did not find can be told from what it did not look for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

_NARROWING = ("keyword", "lf", "ignore", "ignore_glob", "pyargs")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The folders and files that were collected completely.

    Args:
        root: the folder test ids are relative to.
        paths: what was collected.
        narrowed: single tests were picked (node ids, `-k`, `--last-failed`, `--ignore`).
    """

    root: Path
    paths: tuple[Path, ...]
    narrowed: bool

    def covers(self, test: str) -> bool:
        """Whether `test`, an id or a pattern with `*` and `?`, would have been collected if it existed."""
        file = test.partition("::")[0]
        literal = re.split(r"[*?]", file)[0]
        place = self.root / (literal if literal == file else literal.rpartition("/")[0])
        return not self.narrowed and any(place.is_relative_to(path) for path in self.paths)


def scope_of(config: pytest.Config, *, root: Path) -> Scope:
    """The scope of the run that `config` describes."""
    arguments: Sequence[str] = config.args
    start = config.invocation_params.dir
    return Scope(
        root=root,
        paths=tuple((start / argument.partition("::")[0]).resolve() for argument in arguments),
        narrowed=any("::" in argument for argument in arguments)
        or any(config.getoption(name, None) for name in _NARROWING),
    )
