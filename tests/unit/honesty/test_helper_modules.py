"""Which modules are test helpers."""

from __future__ import annotations

import pytest

from seatrial.audit.helpers import module_names, test_folders as folders_of_tests


@pytest.fixture
def files(tmp_path):
    def make(*names: str) -> None:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return make


def test_only_folders_named_for_tests_are_looked_into(tmp_path, files):
    files("tests/a.py", "src/shop/a.py", "src/shop/tests/a.py", "e2e/a.py", "api_tests/a.py")
    candidates = [
        tmp_path / name for name in ("src", "src/shop/tests", "e2e", "api_tests", "missing_tests", ".")
    ]
    found = folders_of_tests(candidates, root=tmp_path)
    assert found == [tmp_path / name for name in ("api_tests", "src/shop/tests", "tests")]


def test_names_as_a_package_and_as_top_level_modules(tmp_path, files):
    files(
        "tests/conftest.py",
        "tests/honest_helpers.py",
        "tests/json.py",
        "tests/honest_package/__init__.py",
        "tests/honest_package/inner.py",
        "tests/.hidden/x.py",
        "tests/no-name/x.py",
        "tests/data/rows.csv",
    )
    names = module_names([tmp_path / "tests"], bases=[tmp_path, tmp_path / "elsewhere"])
    # The name `tests` itself may be imported by the run this test is part of, and is then left out.
    assert {"honest_helpers", "honest_package"} <= set(names)
    assert not {"json", "conftest", "inner", "x", "rows"} & set(names)
