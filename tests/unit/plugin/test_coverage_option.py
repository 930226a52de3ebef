"""`--cov` with a list of packages is refused with the line that measures them; everything else passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import SettingsError
from seatrial.plugin.coverage_option import refuse_lists


@pytest.mark.parametrize(
    ("sources", "line"),
    [
        (["core,models"], "Write --cov=core --cov=models"),
        (["api", "core, models,validators"], "Write --cov=api --cov=core --cov=models --cov=validators"),
        (["core,"], "Write --cov=core"),
    ],
)
def test_a_list_is_refused(sources: list[object], line: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        refuse_lists(sources, folder=tmp_path)
    assert refused.value.code == "settings.cov-list"
    assert refused.value.remedy == line


def test_what_can_be_measured_passes(tmp_path: Path) -> None:
    (tmp_path / "a,b").mkdir()
    assert refuse_lists([], folder=tmp_path) is None
    assert refuse_lists([True, "core", "src/models", "a,b"], folder=tmp_path) is None
