"""The page about the ledger: its examples read a ledger that a run has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.config import load_settings
from seatrial.ledger import events, read
from tests.integration.docs.documents import ROOT, blocks, first_cells
from tests.support.project import Project

PAGE = ROOT / "docs" / "ledger.md"
TESTS = """
def test_an_order(client):
    assert client.post("/orders?item=rope").status_code == 201
"""


def test_every_kind_is_listed_and_no_other() -> None:
    assert sorted(set(first_cells(PAGE.read_text(encoding="utf-8")))) == sorted(events._KINDS)


def test_the_examples(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.shop(TESTS)
    (command, *_), (reading, reaching, looking, counting, by_hand) = (
        [block.text for block in blocks(PAGE) if block.language == language] for language in ("sh", "python")
    )
    words = command.split()
    assert words[0] == "pytest"
    project.pytest(*words[1:]).expect(passed=1)
    monkeypatch.chdir(project.root)
    names: dict[str, object] = {}
    exec(compile(reading + reaching + looking, PAGE.name, "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("test_shop.py::test_an_order passed 1 ")
    assert printed[1:] == ["None POST /orders 1", "['test_shop.py::test_an_order']"]

    project.shop(counting)
    project.pytest().expect(passed=1)

    monkeypatch.setenv("SEATRIAL_CACHE", str(project.cache))
    exec(compile(by_hand, PAGE.name, "exec"), names)

    def use(trial) -> None:
        trial.start(application=True)
        with trial.clients.client() as client:
            assert client.get("/orders").status_code == 200

    names["recorded"](load_settings(project.root / "pyproject.toml"), use)
    ledger = read(Path("build/check.jsonl"))
    assert [exchange.route for exchange in ledger.exchanges_of(None)] == ["/orders"]
    assert len(ledger.statements_in(ledger.exchanges[0])) == 1
