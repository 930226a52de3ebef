"""The option `routes`: the project's function that scripts what holds for the run."""

from __future__ import annotations

import sys

import httpx2
import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes

MODULE = """
calls = []
fails = []

def prepare(fake):
    calls.append(fake.name)
    if fails:
        raise ValueError("no rates today")
    fake.on("GET", "/rates", json={"eur": 1}, times=9)
    fake.collection("/people", rows=[{"id": "ada"}])
    fake.on_error(lambda status, message: {"reason": message})
    hooks = fake.receiver("/hooks")

number = 7
"""


@pytest.fixture
def module(tmp_path):
    (tmp_path / "fakes_of_the_run.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "needs_another.py").write_text("import not_installed", encoding="utf-8")
    yield tmp_path
    sys.modules.pop("fakes_of_the_run", None)
    sys.path[:] = [entry for entry in sys.path if entry != str(tmp_path)]


@pytest.fixture
def fakes(module):
    fakes = Fakes({"bank": {"kind": "http", "routes": "fakes_of_the_run:prepare"}}, root=module)
    yield fakes
    fakes.stop()


@pytest.fixture
def calls(fakes):
    fakes.reset()
    assert "fakes_of_the_run" not in sys.modules
    fakes.start()
    return sys.modules["fakes_of_the_run"].calls


def test_it_is_called_at_the_start_and_once_for_each_test_that_needs_it(fakes, calls):
    with httpx2.Client(base_url=fakes.url("bank"), timeout=20) as client:
        assert (client.get("/rates").json(), client.get("/people/ada").status_code) == ({"eur": 1}, 200)
        assert calls == ["bank"]
        fakes.reset()
        fakes.reset()
        assert calls == ["bank"]
        assert client.get("/people").json() == [{"id": "ada"}]
        assert client.get("/nothing").json()["reason"].startswith("the fake bank does not serve GET /nothing")
        assert client.post("/hooks", json=1).status_code == 200
        assert calls == ["bank"] * 2
    assert len(fakes.problems(grace=5)) == 1


def test_what_it_scripts_need_not_be_asked_for_and_gives_way_to_a_test(fakes, calls):
    assert fakes.problems(grace=10) == []
    with httpx2.Client(base_url=fakes.url("bank"), timeout=20) as client:
        for _ in range(2):
            client.delete("/people/ada")
            fakes.bank.on("GET", "/{anything}", status=503)
            fakes.bank.collection("/people").add({"id": "bob"})
            assert [client.get(path).status_code for path in ("/rates", "/people/bob")] == [503, 200]
            fakes.reset()
            assert client.get("/rates").status_code == 200
            assert [row["id"] for row in fakes.bank.collection("/people").rows] == ["ada"]


def test_a_function_that_raises_in_the_middle_of_a_run_fails_the_test(fakes, calls):
    sys.modules["fakes_of_the_run"].fails.append(True)
    fakes.reset()
    assert httpx2.get(f"{fakes.url('bank')}/rates").status_code == 501
    first, *_ = (problem for problem in fakes.problems(grace=5) if "raised" in problem)
    assert first == "bank: the function fakes_of_the_run:prepare raised ValueError('no rates today')"
    fakes.reset()
    with pytest.raises(ValueError, match="no rates today"):
        fakes.bank.on("GET", "/a")


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("fakes_of_the_run:prepair", "has no attribute 'prepair'"),
        ("fakes_of_the_run:number", "found int"),
        ("needs_another:prepare", "No module named 'not_installed'"),
        ("no_such_module:prepare", "No module named 'no_such_module'"),
    ],
)
def test_a_function_that_is_not_there_is_told_at_the_start(module, reference, found):
    fakes = Fakes({"bank": {"kind": "http", "routes": reference}}, root=module)
    try:
        with pytest.raises(FakeError, match=found) as refused:
            fakes.start()
        assert refused.value.code == "fakes.routes"
    finally:
        fakes.stop()
