"""The baseline file."""

from __future__ import annotations

import pytest

from seatrial.audit.baseline import Baseline, Violation, load
from seatrial.errors import SettingsError

A = Violation("a.py::test_a", "no-assertion")
B = Violation("b.py::test_b[é]", "undeclared-skip")


def test_what_is_written_is_read_back_sorted_one_entry_a_line(tmp_path):
    path = tmp_path / "baseline.json"
    Baseline(path=path, violations=frozenset({B, A})).write()
    assert load(path).violations == {A, B}
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[1] == '{"test": "a.py::test_a", "rule": "no-assertion"},'
    assert "b.py::test_b[é]" in lines[2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["baseline.json"]


def test_an_empty_baseline_is_a_file_too(tmp_path):
    Baseline(path=tmp_path / "baseline.json").write()
    assert (tmp_path / "baseline.json").read_text() == "[]\n"
    assert load(tmp_path / "baseline.json").violations == frozenset()


def test_no_file_tolerates_nothing(tmp_path):
    assert A not in load(tmp_path / "baseline.json")


def test_it_can_only_shrink(tmp_path):
    baseline = Baseline(path=tmp_path / "x", violations=frozenset({A}))
    assert baseline.without([A, B]).violations == frozenset()
    assert baseline.without([B]).violations == {A}


def test_entries_whose_test_is_gone(tmp_path):
    baseline = Baseline(path=tmp_path / "x", violations=frozenset({A, B}))
    assert baseline.gone({"a.py::test_a"}) == {B}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<<<<<<< HEAD\n[]",
        "{}",
        "[1]",
        '[{"test": 1, "rule": "no-assertion"}]',
        '[{"test": "a", "rule": "x"}]',
        '[{"test": "a", "rule": ["no-assertion"]}]',
        '[{"test": "a", "rule": "no-assertion", "why": 1}]',
    ],
)
def test_a_corrupt_file_is_a_clear_error(tmp_path, text):
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"baseline\.json cannot be read: .*\[baseline\.corrupt\]"):
        load(path)


def test_bytes_that_are_no_text_are_a_clear_error(tmp_path):
    (tmp_path / "baseline.json").write_bytes(b"\xff\xfe[")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "baseline.json")


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(SettingsError, match=r"could not be written: .*\[baseline\.not-writable\]"):
        Baseline(path=tmp_path / "missing" / "baseline.json").write()
