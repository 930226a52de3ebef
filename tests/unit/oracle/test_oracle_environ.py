from __future__ import annotations

import os

import pytest

from seatrial.trial.oracle.environ import EnvironWatch


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.setenv("KEPT", "kept")
    monkeypatch.setenv("CHANGED", "before")
    monkeypatch.setenv("REMOVED", "before")
    monkeypatch.delenv("SET", raising=False)
    monkeypatch.delenv("OF_THE_FIXTURE", raising=False)


def test_changes_are_named_and_undone_once():
    watch = EnvironWatch()
    watch.begin()
    os.environ["CHANGED"] = "after"
    os.environ["SET"] = "after"
    del os.environ["REMOVED"]
    assert watch.put_back() == {"CHANGED": "changed", "REMOVED": "removed", "SET": "set"}
    assert (os.environ["CHANGED"], os.environ["REMOVED"], os.environ.get("SET")) == ("before", "before", None)
    assert os.getenvb(b"CHANGED") == b"before"
    assert watch.put_back() == {}


def test_what_a_wider_fixture_sets_is_its_own_until_it_ends():
    watch = EnvironWatch()
    watch.begin()
    os.environ["SET"] = "by the test"
    before = watch.snapshot()
    os.environ["OF_THE_FIXTURE"] = "1"
    os.environ["CHANGED"] = "by the fixture"
    watch.forgive(before)
    assert watch.put_back() == {"SET": "set"}
    assert (os.environ["OF_THE_FIXTURE"], os.environ["CHANGED"]) == ("1", "by the fixture")


def test_what_pytest_itself_sets_is_passed_over(monkeypatch):
    watch = EnvironWatch()
    watch.begin()
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "another phase")
    assert watch.put_back() == {}
