"""How assertions are counted: what stays as it was, which modules take part, and when counting is off."""

from __future__ import annotations

import re

import pytest

FAILING = '''
    """A docstring."""
    from __future__ import annotations
    import contextlib

    def test_comparison(seatrial_thing):
        assert seatrial_thing == 7
        left = {"a": 1, "b": [1, 2, 3]}
        assert left == {
            "a": 1,
            "b": [1, 2, 4],
        }, "a message"

    def test_inside_blocks(seatrial_thing):
        for number in (1, 2):
            with contextlib.nullcontext(number) as value:
                try:
                    assert value == number
                finally:
                    assert value + 1 < 3, value
'''


def failures(text: str) -> str:
    """The part of the output that explains failures, without what differs between any two runs."""
    part = text[text.index("= FAILURES =") : text.index("generated xml file")]
    return re.sub(r"0x[0-9a-f]+", "", part).rstrip("- ")


def test_a_failing_assertion_is_explained_as_without_the_counter(project):
    project.file("test_x.py", FAILING)
    counted = failures(project.run().text)
    project.file("conftest.py", "import pytest\n@pytest.fixture\ndef seatrial_thing(): return 7\n")
    plain = failures(project.run("-p", "no:honesty_loader", "-p", "no:seatrial-honesty").text)
    assert "Differing items:" in counted
    assert "test_x.py:9: AssertionError" in counted
    assert counted == plain


def test_cached_code_is_not_shared_with_runs_that_do_not_count(project):
    module = project.file("test_x.py", "def test_y(seatrial_thing): assert 1\n")
    project.file("conftest.py", "import pytest\n@pytest.fixture\ndef seatrial_thing(): return 7\n")
    without = ("-p", "no:honesty_loader", "-p", "no:seatrial-honesty")
    assert project.run(*without).code == 0
    assert "1 assertions executed" in project.run().summary
    assert project.run(*without).code == 0
    assert "1 assertions executed" in project.run().summary
    cached = sorted(path.name for path in (module.parent / "__pycache__").glob("test_x.*pytest*"))
    assert len(cached) == 2
    assert sum("-seatrial" in name for name in cached) == 1


def test_assertions_in_helpers_and_conftests_count(project):
    project.file("tests/conftest.py", "def check_it(value): assert value\n")
    project.file("tests/helpers.py", "def check_that(value): assert value\n")
    project.file("tests/support/__init__.py", "")
    project.file("tests/support/deep.py", "def check_this(value): assert value\n")
    project.file("tests/assertions.py", "def assert_all(rows):\n    for row in rows: assert row\n")
    project.file(
        "tests/test_x.py",
        """
        from assertions import assert_all
        from conftest import check_it
        from helpers import check_that
        from support.deep import check_this
        def test_conftest(seatrial_thing): check_it(1)
        def test_helper(seatrial_thing): check_that(1)
        def test_package(seatrial_thing): check_this(1)
        def test_assert_all(seatrial_thing): assert_all([1])
        def test_assert_nothing(seatrial_thing): assert_all([])
        """,
    )
    run = project.run("--import-mode=prepend")
    failed = [name for name, outcome in run.outcomes.items() if outcome != "passed"]
    assert failed == ["tests.test_x.test_assert_nothing"], run.text


def test_the_tests_package_is_found_in_importlib_mode(project):
    project.file("tests/helpers.py", "def check_that(value): assert value\n")
    project.file(
        "tests/test_x.py",
        "from tests.helpers import check_that\ndef test_helper(seatrial_thing): check_that(1)\n",
    )
    run = project.run("--import-mode=importlib")
    assert run.code == 0, run.text


def test_the_application_is_not_touched_and_its_assertions_do_not_count(project):
    project.file("shop/__init__.py", "")
    project.file("shop/orders.py", "def total(): assert True; return 1\n")
    project.file(
        "shop/tests/test_x.py", "from shop import orders\ndef test_x(seatrial_thing): orders.total()\n"
    )
    run = project.run("-o", "testpaths=shop")
    assert run.outcomes == {"shop.tests.test_x.test_x": "failure"}, run.text


def test_assertions_in_fixtures_do_not_count(project):
    project.file(
        "test_x.py",
        """
        import pytest
        @pytest.fixture
        def checked(seatrial_thing):
            assert seatrial_thing
            yield
            assert seatrial_thing
        def test_y(checked): pass
        """,
    )
    assert project.run().outcomes == {"test_x.test_y": "failure"}


@pytest.mark.parametrize(
    ("arguments", "python", "why"),
    [(["--assert=plain"], (), "--assert=plain is on"), (["-W", "ignore"], ("-O",), "python -O is on")],
)
def test_the_header_says_when_counting_is_off(project, arguments, python, why):
    project.file("test_x.py", "def test_y(seatrial_thing): pass\n")
    run = project.run(*arguments, python=python)
    assert run.code == 0, run.text
    assert f"WARNING: tests without assertions are NOT detected, because {why}" in run.text
    assert "1 in modules without assertion counting" in run.summary


def test_a_pytest_that_rewrites_differently_turns_counting_off(project):
    project.file("test_x.py", "def test_y(seatrial_thing): pass\n")
    project.file(
        "other_pytest.py",
        """
        from _pytest.assertion import rewrite
        original = rewrite._rewrite_test
        rewrite._rewrite_test = lambda *args: original(*args)
        """,
    )
    run = project.run("-p", "other_pytest")
    assert "rewrites assertions in a way unknown to seatrial" in run.text
    assert run.code == 0


def test_tests_from_a_module_that_was_not_rewritten_are_named_not_failed(project):
    project.file("library.py", "def test_shared(seatrial_thing): assert 1\n")
    project.file("test_x.py", "from library import test_shared\ndef test_y(seatrial_thing): assert 1\n")
    run = project.run()
    assert run.code == 0, run.text
    assert "1 in modules without assertion counting" in run.summary


def test_doctests_are_not_bound(project):
    project.file("adopted/test_x.py", '"""\n>>> 1 + 1\n2\n"""\ndef test_y(): assert 1\n')
    project.settings(adopt=("adopted",))
    run = project.run("--doctest-modules")
    assert run.code == 0, run.text
    assert run.summary == "1 bound tests, 1 assertions executed"


def test_a_module_that_wants_no_rewriting_still_counts(project):
    project.file("test_x.py", '"""PYTEST_DONT_REWRITE"""\ndef test_y(seatrial_thing): assert 1\n')
    assert project.run().code == 0


def test_what_an_installed_plugin_asserts_does_not_count(project):
    project.file("lib/site-packages/some_plugin.py", "def verify(value): assert value\n")
    project.file(
        "conftest.py",
        """
        import sys
        import pytest
        sys.path.insert(0, "lib/site-packages")
        pytest.register_assert_rewrite("some_plugin")
        """,
    )
    project.file("test_x.py", "import some_plugin\ndef test_y(seatrial_thing): some_plugin.verify(1)\n")
    assert project.run().outcomes == {"test_x.test_y": "failure"}
