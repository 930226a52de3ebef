"""Which kept databases there are, and when they go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seatrial.errors import ServerError
from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.kept import KeptRun, database_name, is_outdated


def keep(root: Path, name: str) -> None:
    folder = root / "kept" / name
    folder.mkdir(parents=True)
    values = {"bin": "/bin", "stand_ins": ["uuid-ossp"], "tests": {"kept_1": f"test of {name}"}}
    (folder / "kept.json").write_text(json.dumps(values), encoding="utf-8")


def test_the_latest_ten_stay(tmp_path: Path) -> None:
    for number in range(12):
        keep(tmp_path, f"run-{number:02}")
    (tmp_path / "kept" / "run-99").mkdir()
    (tmp_path / "kept" / "run-99" / "kept.json").write_text("half", encoding="utf-8")
    KeptRun.prune(CacheFolder(tmp_path))
    runs = KeptRun.all(CacheFolder(tmp_path))
    assert [run.folder.name for run in runs] == [f"run-{number:02}" for number in range(2, 12)]
    assert (runs[0].stand_ins, runs[0].tests) == (("uuid-ossp",), {"kept_1": "test of run-02"})


def test_one_is_found_by_its_name_or_as_the_latest(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path)
    with pytest.raises(ServerError, match="nothing is kept in"):
        KeptRun.find(cache, "")
    keep(tmp_path, "a")
    keep(tmp_path, "b")
    assert KeptRun.find(cache, "").folder.name == "b"
    assert KeptRun.find(cache, "a").folder.name == "a"
    with pytest.raises(ServerError, match="under the name 'c'") as caught:
        KeptRun.find(cache, "c")
    assert caught.value.detail == "a\nb"


def test_a_name_tells_its_age() -> None:
    assert not is_outdated(database_name())
    assert is_outdated("seatrial_kept_20260101_00ff00")
    assert not is_outdated("seatrial_kept_20260101_00ff00_of_somebody")
    assert not is_outdated("seatrial_template_20260101")
