"""Verdicts on modules whose programs really ran under coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.contracts import SuiteRun, explain, open_data, write_reports
from seatrial.contracts.measuring import Count
from seatrial.errors import ContractError
from tests.support.contracts import BOTH_WAYS, FILES, TARGETS, Measured, measured_project

ONLY_MEMBERS = BOTH_WAYS.replace("prices.price(10, False), ", "")


@pytest.fixture
def shop(tmp_path: Path) -> Measured:
    return measured_project(tmp_path)


def ran(shop: Measured, *names: str) -> SuiteRun:
    suite = SuiteRun(seconds=1.0)
    for name in names or ("test_prices.py", "test_stock.py"):
        suite.add(f"tests/{name}::test", shop.root / "tests" / name, "passed", seconds=0.1)
    return suite


def test_all_is_kept(shop: Measured) -> None:
    judgement = shop.run().judged(ran(shop))
    assert judgement.passed
    assert judgement.problems == judgement.notes == ()
    figures = {verdict.module.path: verdict.figures for verdict in judgement.modules}
    stock = figures["server/routers/stock.py"]
    assert stock is not None
    assert (stock.lines, stock.branches, stock.excluded) == (Count(4, 4), Count(2, 2), 2)
    told = explain(judgement)
    assert told.failures == ()
    assert "server/routers/stock.py   100.0 % (4/4)  100.0 % (2/2)  2 lines" in told.table
    assert told.end == (
        "gate coverage: passed",
        "gate no_failure_no_skip: passed",
        "gate duration: passed",
    )


def test_lines_are_full_and_branches_are_not(shop: Measured) -> None:
    judgement = shop.run(ONLY_MEMBERS).judged(ran(shop))
    assert not judgement.passed
    worst = judgement.modules[0]
    assert worst.problems == ("branches 50.0 %, expected 90 %",)
    assert judgement.problems == ("all modules together: branches 75.0 %, expected 90 %",)
    assert explain(judgement).failures[:5] == (
        "server/routers/prices.py: branches 50.0 %, expected 90 %",
        "  branches that were never taken: 2 -> 4",
        "  critical paths: members pay less",
        "  test files: tests/test_prices.py",
        "  next: pytest tests/test_prices.py --cov=server/routers --cov-branch --cov-report=term-missing",
    )
    assert judgement.gates[0].failures == ("1 of 2 modules", "1 further problem")


def test_a_warning_is_told_and_blocks_nothing(shop: Measured) -> None:
    shop.write({"contracts/coverage-targets.yaml": TARGETS + "gates: {coverage: warning}\n"})
    judgement = shop.run(ONLY_MEMBERS).judged(ran(shop))
    assert judgement.passed
    assert explain(judgement).end[0] == "gate coverage: warning (warning): 1 of 2 modules; 1 further problem"


def test_only_lines_were_measured(shop: Measured) -> None:
    judgement = shop.run(BOTH_WAYS, "--data-file=.coverage").judged()
    assert not judgement.passed
    (problem,) = judgement.problems
    assert problem.startswith("branches were not measured, only lines. Switch them on: pytest --cov-branch")
    assert judgement.branches is None
    assert "server/routers/stock.py   100.0 % (4/4)  not measured  2 lines" in explain(judgement).table


def test_modules_without_a_branch_and_with_nothing_to_cover(shop: Measured) -> None:
    shop.write(
        {
            "server/routers/prices.py": "def price(amount):\n    return amount\n",
            "server/routers/stock.py": "def take():  # pragma: no cover\n    return 1\n",
            "server/routers/__init__.py": '"""Nothing to name."""\n',
        }
    )
    judgement = shop.run("from server.routers import prices, stock; prices.price(1)").judged()
    empty, plain = judgement.modules
    assert empty.problems == (
        "no line of it can be covered: it has no statements, or all of them are excluded",
    )
    assert plain.problems == ()
    assert judgement.problems == ()
    assert any("prices.py" in line and "full (it has none)" in line for line in explain(judgement).table)


def test_what_was_never_imported_and_what_was_never_measured(shop: Measured) -> None:
    only_prices = "from server.routers import prices\nprices.price(1, True), prices.price(1, False)"
    unlisted = shop.run(only_prices).judged().modules[0]
    assert unlisted.problems[0].startswith("it was never measured: nothing imports it")

    shop.write({"server/__init__.py": "", "server/routers/__init__.py": ""}).run(only_prices)
    unimported = shop.judged().modules[0]
    assert unimported.problems == ("lines 0.0 %, expected 90 %", "branches 0.0 %, expected 90 %")
    assert "  it was never imported: none of its 4 lines ran" in explain(shop.judged()).failures

    shop.write({".coveragerc": "[run]\nomit = server/routers/stock.py\n"})
    unmeasured = shop.run().judged().modules[0]
    assert unmeasured.figures is None
    assert unmeasured.problems == unlisted.problems


def test_a_contract_that_does_not_fit_the_project(shop: Measured) -> None:
    targets = TARGETS.replace("file: stock.py", "file: stocks.py").replace("server/lib", "server/libs")
    nowhere = (
        "  - directory: server/nowhere\n    modules: [{file: x.py, edge_cases: [x], test_files: [t.py]}]\n"
    )
    targets = targets.replace("excluded:", f"{nowhere}excluded:")
    shop.write({"contracts/coverage-targets.yaml": targets, "server/routers/v2/new.py": "NEW = 1\n"})
    judgement = shop.run().judged(ran(shop, "test_prices.py"))
    problems = {verdict.module.path: verdict.problems for verdict in judgement.modules}
    assert problems == {
        "server/routers/prices.py": (),
        "server/routers/stocks.py": (
            "there is no such file",
            "no test of its test file tests/test_stock.py ran",
        ),
        "server/nowhere/x.py": ("there is no such file", "its test file t.py does not exist"),
    }
    named = "is in a target directory, and the contract does not name it: add it to the modules of that "
    assert judgement.problems == (
        "the target directory server/nowhere does not exist",
        "the excluded path server/libs does not exist",
        f"server/routers/stock.py {named}directory, or to excluded",
        f"server/routers/v2/new.py {named}directory, or to excluded",
    )


def test_a_target_directory_without_modules_and_a_measured_file_beside_all(shop: Measured) -> None:
    for name in ("prices", "stock"):
        (shop.root / f"server/routers/{name}.py").unlink()
    shop.write({"server/main.py": "A = 1\n"})
    judgement = shop.run("import server.main").judged()
    assert judgement.problems == ("the target directory server/routers has no module",)
    assert judgement.notes == ("measured, and neither a target nor excluded: server/main.py",)


def test_the_edge_of_a_target(shop: Measured) -> None:
    """89 of 100 lines miss 90 %, 90 of 100 reach it, and 899 of 1000 are not shown as 90.0 %."""
    assert [Count(covered, 100).reaches(90) for covered in (89, 90)] == [False, True]
    assert (str(Count(8999, 10000)), Count(8999, 10000).reaches(90)) == ("89.9 %", False)
    assert (Count(0, 0).reaches(100), str(Count(0, 0))) == (True, "100.0 %")
    lines = "\n".join(f"    a = {number}" for number in range(9))
    targets = TARGETS.replace("minimum_line: 90", "minimum_line: 8.34")
    shop.write({"server/routers/stock.py": f"def take():\n{lines}\n    return a\nB = 1\n"})
    shop.run(ONLY_MEMBERS.replace("stock.take(3, 1)", "0").replace("stock.take(1, 2)", "0"))
    assert shop.judged().modules[0].problems == ("lines 16.6 %, expected 90 %",)
    shop.write({"contracts/coverage-targets.yaml": targets})
    assert not any("lines" in problem for v in shop.judged().modules for problem in v.problems)


def test_gates_about_tests(shop: Measured) -> None:
    targets = TARGETS + "execution: {suite_seconds: 10, test_seconds: 2}\n"
    shop.run().write({"contracts/coverage-targets.yaml": targets})
    suite = ran(shop)
    suite.seconds = 10.5
    file = shop.root / "tests/test_stock.py"
    suite.add("tests/test_stock.py::test_a", file, "skipped")
    suite.add("tests/test_stock.py::test_b", file, "failed", seconds=2.5)
    suite.add("elsewhere.py::test_c", shop.root / "elsewhere.py", "skipped")
    judgement = shop.judged(suite)
    tests, duration = (str(gate) for gate in judgement.gates[1:])
    assert tests == (
        "no_failure_no_skip: FAILED (blocking): failed: tests/test_stock.py::test_b; "
        "skipped: tests/test_stock.py::test_a"
    )
    assert duration == (
        "duration: warning (warning): the run took 10.5 s, expected at most 10 s; "
        "tests/test_stock.py::test_b took 2.5 s, expected at most 2 s"
    )
    assert not judgement.passed


def test_a_file_whose_tests_were_all_skipped_ran_none(shop: Measured) -> None:
    suite = ran(shop, "test_prices.py")
    suite.add("tests/test_stock.py::test", shop.root / "tests/test_stock.py", "skipped", seconds=0.0)
    assert shop.run().judged(suite).modules[0].problems == (
        "no test of its test file tests/test_stock.py ran",
    )


def test_data_of_a_process_that_was_lost(shop: Measured) -> None:
    suite = ran(shop)
    suite.lost = ("gw1",)
    judgement = shop.run().judged(suite)
    assert not judgement.passed
    assert judgement.problems[0].startswith("what these processes have measured is lost: gw1")


def test_reports_and_missing_lines_of_good_modules(shop: Measured) -> None:
    lenient = (
        TARGETS.replace(": 90", ": 40") + "reports: {terminal: missing-lines, html: a/html, xml: c.xml}\n"
    )
    shop.write({"contracts/coverage-targets.yaml": lenient}).run(ONLY_MEMBERS)
    told = explain(shop.judged())
    assert told.failures == ()
    assert told.table[-1] == "server/routers/prices.py: branches that were never taken: 2 -> 4"
    data = open_data(None, folder=shop.root)
    assert write_reports(shop.contract, data, folder=shop.root, done=["xml"]) == ["a/html"]
    assert (shop.root / "a/html/index.html").is_file()
    assert not (shop.root / "c.xml").exists()
    assert write_reports(shop.contract, data, folder=shop.root, done=["html"]) == ["c.xml"]
    assert 'name="prices.py"' in (shop.root / "c.xml").read_text()
    (shop.root / "c.xml").unlink()
    (shop.root / "c.xml").mkdir()
    with pytest.raises(ContractError, match=r"\[contracts.report\]"):
        write_reports(shop.contract, data, folder=shop.root)


def test_no_data(shop: Measured) -> None:
    with pytest.raises(ContractError, match="found no such file") as error:
        shop.judged()
    assert (error.value.code, "--cov" in error.value.remedy) == ("contracts.no-data", True)
    shop.run(BOTH_WAYS, "--branch", "-p")
    with pytest.raises(ContractError, match="1 parts of it do") as error:
        shop.judged()
    assert "coverage combine" in error.value.remedy
    shop.write({".coverage": "no data at all"})
    with pytest.raises(ContractError) as error:
        shop.judged()
    assert error.value.code == "contracts.unusable-data"


def test_data_in_which_nothing_was_measured(shop: Measured) -> None:
    shop.write({".coveragerc": "[run]\nomit = *\n"}).run()
    with pytest.raises(ContractError, match="No data") as error:
        shop.judged()
    assert error.value.code == "contracts.unusable-data"


def test_relative_names(shop: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write({".coveragerc": "[run]\nrelative_files = true\nbranch = true\n"}).run()
    monkeypatch.chdir(shop.root / "tests")
    assert shop.judged().passed


def test_a_file_that_coverage_cannot_read(shop: Measured) -> None:
    shop.run().write({**FILES, "server/routers/stock.py": "def broken(:\n"})
    judgement = shop.judged()
    assert judgement.modules[0].problems[0].startswith("it was never measured")
    assert judgement.problems == ()
