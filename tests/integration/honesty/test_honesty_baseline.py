"""An existing suite starts with a file of tolerated violations, which only shrinks."""

from __future__ import annotations

import pytest

OLD = """
    import pytest
    def test_hollow(seatrial_thing): pass
    def test_skipped(seatrial_thing): pytest.skip("x")
    def test_good(seatrial_thing): assert 1
"""

IN_WORKERS = pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n1")])
ENTRIES = [
    {"test": "test_old.py::test_hollow", "rule": "no-assertion"},
    {"test": "test_old.py::test_skipped", "rule": "undeclared-skip"},
]


@pytest.fixture
def old(project):
    project.file("test_old.py", OLD)
    assert project.run("--seatrial-baseline=create").code == 0
    return project


@IN_WORKERS
def test_create_writes_what_is_wrong_today(project, workers):
    project.file("test_old.py", OLD)
    run = project.run("--seatrial-baseline=create", *workers)
    assert run.code == 0, run.text
    assert project.baseline() == ENTRIES
    text = (project.root / "seatrial-baseline.json").read_text()
    assert len(text.splitlines()) == 4
    assert "seatrial-baseline.json written: 2 tolerated violations" in run.text


def test_create_refuses_a_second_time(old):
    before = (old.root / "seatrial-baseline.json").read_bytes()
    run = old.run("--seatrial-baseline=create")
    assert run.code == 4
    assert "[baseline.exists]" in run.text
    assert (old.root / "seatrial-baseline.json").read_bytes() == before


@IN_WORKERS
def test_what_is_in_the_baseline_is_tolerated_and_nothing_else(old, workers):
    run = old.run(*workers)
    assert run.code == 0, run.text
    assert "2 tolerated by the baseline" in run.summary
    assert "2 passed, 1 skipped" in run.text
    old.file("test_new.py", "def test_new(seatrial_thing): pass\n")
    grown = old.run(*workers)
    assert grown.code == 1
    assert grown.outcomes["test_new.test_new"] == "failure"
    assert old.run("--seatrial-baseline=shrink", *workers).code == 1
    assert old.baseline() == ENTRIES


@IN_WORKERS
def test_an_entry_that_no_longer_applies_fails_the_run_until_it_is_removed(old, workers):
    old.file(
        "test_old.py",
        OLD.replace("test_hollow(seatrial_thing): pass", "test_hollow(seatrial_thing): assert 1"),
    )
    run = old.run(*workers)
    assert run.code == 1
    assert "test_old.py::test_hollow (no-assertion)" in run.text
    assert "pytest --seatrial-baseline=shrink" in run.text
    assert old.baseline() == ENTRIES
    assert old.run("--seatrial-baseline=shrink", *workers).code == 0
    assert old.baseline() == ENTRIES[1:]
    assert old.run(*workers).code == 0


@IN_WORKERS
def test_an_entry_whose_test_is_gone_is_stale_where_it_was_looked_for(old, workers):
    old.file("test_old.py", "def test_good(seatrial_thing): assert 1\n")
    assert old.run("-k", "good", *workers).code == 0
    assert old.run("test_old.py::test_good", *workers).code == 0
    run = old.run(*workers)
    assert run.code == 1, run.text
    assert "2 of the entries in seatrial-baseline.json no longer apply" in run.text
    assert old.run("--seatrial-baseline=shrink", *workers).code == 0
    assert (old.root / "seatrial-baseline.json").read_text() == "[]\n"


def test_a_test_that_is_no_longer_bound_leaves_the_baseline(old):
    old.file("test_old.py", OLD.replace("test_hollow(seatrial_thing)", "test_hollow()"))
    run = old.run()
    assert run.code == 1
    assert "test_old.py::test_hollow (no-assertion)" in run.text


def test_a_failing_or_skipped_test_says_nothing_about_its_assertions(old):
    for body in ("raise OSError", "pytest.fail('x')"):
        old.file(
            "test_old.py",
            OLD.replace("test_hollow(seatrial_thing): pass", f"test_hollow(seatrial_thing): {body}"),
        )
        assert "no longer apply" not in old.run().text


def test_a_run_cut_short_writes_nothing(project):
    project.file(
        "test_a.py", "def test_red(seatrial_thing): assert 0\ndef test_hollow(seatrial_thing): pass\n"
    )
    run = project.run("-x", "--seatrial-baseline=create")
    assert run.code == 1
    assert "the run was cut short, nothing was written" in run.text
    assert not (project.root / "seatrial-baseline.json").exists()


@pytest.mark.parametrize("text", ["[", "{}", '[{"test": "a"}]', '[{"test": "a", "rule": "speed"}]'])
def test_a_baseline_that_cannot_be_read_is_a_usage_error(old, text):
    (old.root / "seatrial-baseline.json").write_text(text)
    run = old.run()
    assert run.code == 4
    assert "[baseline.corrupt]" in run.text
    assert "seatrial-baseline.json" in run.text
