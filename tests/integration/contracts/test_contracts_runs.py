"""The coverage contract at the end of a run of pytest, and with `seatrial coverage`."""

from __future__ import annotations

import sys

import pytest

from tests.support.contracts import FILES, TARGETS
from tests.support.project import Project, Result

PYPROJECT = """\
[tool.seatrial.contracts]
file = "contracts/coverage-targets.yaml"
[tool.pytest.ini_options]
pythonpath = ["."]
"""
TEST_PRICES = """\
from server.routers.prices import price

def test_a_member():
    assert price(10, True) == 9

def test_no_member():
    assert price(10, False) == 10
"""
TEST_STOCK = """\
import pytest
from server.routers.stock import take

def test_enough():
    assert take(3, 1) == 2

def test_too_few():
    with pytest.raises(ValueError, match="too few"):
        take(1, 2)
"""
ALL = ("-p", "pytest_cov.plugin", "--cov-report=")
MEASURED = (*ALL, "--cov=server", "--cov-branch")
NOT_JUDGED = "seatrial: the coverage contract was not judged: "


@pytest.fixture
def shop(project: Project) -> Project:
    tests = {"tests/test_prices.py": TEST_PRICES, "tests/test_stock.py": TEST_STOCK}
    return project.write({**FILES, "pyproject.toml": PYPROJECT, **tests})


def judge_again(shop: Project, *arguments: str) -> Result:
    return shop.run(sys.executable, "-m", "seatrial", "coverage", *arguments)


def test_kept_and_written(shop: Project) -> None:
    shop.write({"contracts/coverage-targets.yaml": TARGETS + "reports: {html: htmlcov, xml: coverage.xml}\n"})
    result = shop.pytest(*MEASURED).expect(passed=4)
    assert "server/routers/stock.py   100.0 % (4/4)  100.0 % (2/2)  2 lines" in result.output
    assert "gate coverage: passed" in result.output
    assert (shop.root / "htmlcov/index.html").is_file()
    assert (shop.root / "coverage.xml").is_file()

    again = judge_again(shop)
    assert again.status == 0, again.output
    assert "gate coverage: passed" in again.output
    assert "gate duration" not in again.output
    assert "written: coverage.xml" in again.output

    (shop.root / ".coverage").rename(shop.root / "elsewhere")
    assert judge_again(shop, "--data-file", "elsewhere").status == 0
    missing = judge_again(shop)
    assert missing.status == 2
    assert "[contracts.no-data]" in missing.output


def test_one_module_misses_its_targets(shop: Project) -> None:
    """89 % of the lines, while all together reach 90 %; quiet runs tell it too."""
    rare = "        rare = 1\n" * 11
    usual = "    usual = 1\n" * 86
    module = f"def number(kind):\n    if kind == 1:\n{rare}{usual}    return usual\n"
    padding = "".join(f"A{number} = {number}\n" for number in range(200))
    tests = "from server.routers.stock import number\n\ndef test_it():\n    assert number(2) == 1\n"
    targets = TARGETS.replace("minimum_branch: 90", "minimum_branch: 50").replace("under: 90", "under: 75")
    shop.write(
        {
            "server/routers/stock.py": module,
            "server/routers/prices.py": FILES["server/routers/prices.py"] + padding,
            "tests/test_stock.py": tests,
            "contracts/coverage-targets.yaml": targets,
        }
    )
    result = shop.pytest(*MEASURED, "-q").expect(1, passed=3)
    assert "server/routers/stock.py: lines 89.0 %, expected 90 %\n" in result.output
    assert "  lines that never ran: 3-13\n" in result.output
    assert "all together              96.3 % (293/304)   75.0 % (3/4)\n" in result.output
    assert "gate coverage: FAILED (blocking): 1 of 2 modules\n" in result.output
    assert judge_again(shop).status == 1


def test_branches_miss_while_lines_are_full(shop: Project) -> None:
    without = TEST_PRICES.partition("def test_no_member")[0]
    result = shop.write({"tests/test_prices.py": without}).pytest(*MEASURED, "-n", "2", "-p", "xdist")
    result.expect(1, passed=3)
    assert "server/routers/prices.py  100.0 % (4/4)  50.0 % (1/2)" in result.output
    assert "  branches that were never taken: 2 -> 4" in result.output
    assert "  next: pytest tests/test_prices.py --cov=server/routers --cov-branch" in result.output
    assert "gate coverage: FAILED (blocking): 1 of 2 modules; 1 further problem" in result.output


def test_what_a_run_did_not_cover_is_not_judged(shop: Project) -> None:
    shop.write({"contracts/coverage-targets.yaml": TARGETS.replace("file: stock.py", "file: none.py")})
    whole = shop.pytest(*MEASURED).expect(1, passed=4)
    assert "server/routers/none.py: there is no such file" in whole.output
    assert "server/routers/stock.py is in a target directory" in whole.output
    picked = shop.pytest(*MEASURED, "-k", "member").expect(passed=2, deselected=2)
    assert f"{NOT_JUDGED}2 tests were deselected" in picked.output


def test_single_files_and_runs_that_measure_nothing_are_not_judged(shop: Project) -> None:
    one_file = shop.pytest(*MEASURED, "tests/test_prices.py").expect(passed=2)
    assert f"{NOT_JUDGED}tests/test_stock.py of its test files was not asked for" in one_file.output
    unmeasured = shop.pytest().expect(passed=4)
    assert f"{NOT_JUDGED}this run did not measure coverage (--cov)" in unmeasured.output


def test_workers_that_leave_tests_out(shop: Project) -> None:
    picked = shop.pytest(*MEASURED, "-n", "2", "-p", "xdist", "-k", "member").expect(passed=2)
    assert f"{NOT_JUDGED}2 tests were deselected" in picked.output


def test_a_run_that_is_cut_short_is_not_judged(shop: Project) -> None:
    failing = TEST_STOCK.replace("== 2", "== 3")
    cut = shop.write({"tests/test_stock.py": failing}).pytest(*MEASURED, "-x").expect(1, passed=2, failed=1)
    assert f"{NOT_JUDGED}the run was cut short" in cut.output


def test_a_skip(shop: Project) -> None:
    skipped = TEST_STOCK.replace("def test_enough", "@pytest.mark.skip('later')\ndef test_enough")
    result = shop.write({"tests/test_stock.py": skipped}).pytest(*MEASURED)
    result.expect(1, passed=3, skipped=1)
    assert "no_failure_no_skip: FAILED (blocking): skipped: tests/test_stock.py::test_enough" in result.output

    shop.write(
        {
            "contracts/coverage-targets.yaml": TARGETS
            + "gates: {coverage: warning, no_failure_no_skip: warning}\n"
        }
    )
    warned = shop.pytest(*MEASURED, "-q").expect(passed=3, skipped=1)
    gate = "no_failure_no_skip: warning (warning): skipped: tests/test_stock.py::test_enough"
    assert f"seatrial: coverage contract: gate {gate}\n" in warned.output


def test_a_worker_that_dies(shop: Project) -> None:
    dying = TEST_STOCK.replace("assert take(3, 1) == 2", "import os; os._exit(1)")
    result = shop.write({"tests/test_stock.py": dying}).pytest(*MEASURED, "-n", "1", "-p", "xdist")
    assert result.status == 1, result.output
    assert "what these processes have measured is lost: gw0" in result.output


def test_mistakes_end_the_run_before_it_starts(shop: Project) -> None:
    shop.write({"contracts/coverage-targets.yaml": TARGETS.replace("fail_under", "fail_undr")})
    result = shop.pytest(*MEASURED)
    assert result.status == 4, result.output
    assert "contracts/coverage-targets.yaml:5: policy.fail_undr: this key is unknown" in result.output
    assert "Did you mean 'fail_under'?" in result.output
    assert judge_again(shop).status == 2

    shop.write({"pyproject.toml": "[tool.seatrial]\n"})
    none = judge_again(shop)
    assert (none.status, "[contracts.none]" in none.output) == (2, True)


def test_a_report_that_cannot_be_written_is_red(shop: Project) -> None:
    shop.write({"contracts/coverage-targets.yaml": TARGETS + "reports: {xml: tests}\n"})
    result = shop.pytest(*MEASURED).expect(1, passed=4)
    assert "gate coverage: passed" in result.output
    assert "[contracts.report]" in result.output


def test_what_cannot_be_judged_is_red(shop: Project) -> None:
    everything = "[run]\nomit = *\n"
    result = shop.write({".coveragerc": everything}).pytest(*MEASURED, "-W", "default")
    assert result.status == 1, result.output
    assert "[contracts.unusable-data]" in result.output
