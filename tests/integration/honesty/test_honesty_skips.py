"""A bound test that is skipped without a declaration fails."""

from __future__ import annotations

import tomllib

import pytest

SKIPS = """
    import unittest
    import pytest

    @pytest.fixture
    def unavailable(seatrial_thing): pytest.skip("no server")
    @pytest.fixture
    def skips_late(seatrial_thing):
        yield
        pytest.skip("late")

    @pytest.mark.skip(reason="marked")
    def test_mark(seatrial_thing): assert 1
    @pytest.mark.skipif(True, reason="condition")
    def test_skipif(seatrial_thing): assert 1
    def test_body(seatrial_thing): pytest.skip("in the body")
    def test_fixture(unavailable): assert 1
    def test_teardown(skips_late): assert 1
    def test_subtest(seatrial_thing, subtests):
        assert 1
        with subtests.test(): pytest.skip("inside")
    @pytest.mark.parametrize("case", ["a", "b"])
    def test_parameters(seatrial_thing, case): pytest.skip(case)
    @pytest.mark.skip(reason="class")
    class TestClass:
        def test_method(self, seatrial_thing): assert 1
    @pytest.mark.usefixtures("seatrial_thing")
    class TestUnit(unittest.TestCase):
        @unittest.skip("decorated")
        def test_decorated(self): self.fail()
        def test_skip_in_body(self): self.skipTest("unit body")
        def test_error(self): raise unittest.SkipTest("raised")
    @pytest.mark.usefixtures("seatrial_thing")
    @unittest.skip("whole class")
    class TestUnitClass(unittest.TestCase):
        def test_one(self): self.fail()
"""

IN_WORKERS = pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n2")])


@IN_WORKERS
def test_every_way_to_skip_fails(project, workers):
    project.file("test_skips.py", SKIPS)
    run = project.run(*workers)
    assert run.code == 1
    assert len(run.outcomes) == 13
    assert set(run.outcomes.values()) <= {"failure", "error"}, run.text
    assert "13 violations" in run.summary
    for reason in (
        "marked",
        "condition",
        "in the body",
        "no server",
        "late",
        "class",
        "unit body",
        "whole class",
    ):
        assert f"undeclared-skip: skipped without a declaration: {reason}" in run.text


def test_the_line_to_paste_declares_the_skip(project):
    project.file("test_skips.py", SKIPS)
    failed = project.run()
    lines = {line.strip() for line in failed.text.splitlines() if line.strip().startswith("{ test = ")}
    declared = tomllib.loads("skips = [" + "\n".join(lines) + "]")["skips"]
    assert len(declared) == 13
    project.settings(skips=tuple((skip["test"], skip["until"].isoformat()) for skip in declared))
    agreed = project.run()
    assert agreed.code == 0, agreed.text
    assert "13 declared skips" in agreed.summary


def test_a_declaration_past_its_end_fails_and_names_the_date(project):
    project.file("test_x.py", SKIPS)
    project.settings(skips=(("test_x.py::*", "2020-02-29"),))
    run = project.run("-k", "test_body")
    assert run.outcomes == {"test_x.test_body": "failure"}
    assert "skipped, though declared until 2020-02-29 only: in the body" in run.text


def test_tests_that_are_not_bound_skip_as_before(project):
    project.file(
        "test_free.py", "import pytest\ndef test_skip(): pytest.skip('x')\ndef test_hollow(): pass\n"
    )
    project.file("test_module.py", "import pytest\npytest.importorskip('no_such_module')\n")
    run = project.run()
    assert run.code == 0
    assert "1 passed, 2 skipped" in run.text
    assert run.summary.startswith("0 bound tests")


@IN_WORKERS
def test_a_file_that_skips_itself_fails_in_an_adopted_folder(project, workers):
    project.file("adopted/test_module.py", "import pytest\npytest.importorskip('no_such_module')\n")
    project.settings(adopt=("adopted",))
    run = project.run(*workers)
    assert run.code in {1, 2}, run.text
    assert "undeclared-skip: skipped without a declaration: could not import 'no_such_module'" in run.text
    assert '{ test = "adopted/test_module.py", reason = ' in run.text
    assert "1 bound tests" in run.summary


@IN_WORKERS
def test_a_file_that_skips_itself_can_be_declared(project, workers):
    project.file("adopted/test_module.py", "import pytest\npytest.importorskip('no_such_module')\n")
    project.file("adopted/test_other.py", "def test_it(): assert 1\n")
    project.settings(adopt=("adopted",), skips=(("adopted/test_module.py", "2999-01-01"),))
    run = project.run(*workers)
    assert run.code == 0, run.text
    assert "1 declared skips" in run.summary


def test_collect_only_judges_nothing(project):
    project.file("adopted/test_module.py", "import pytest\npytest.importorskip('no_such_module')\n")
    project.file("adopted/test_skips.py", SKIPS)
    project.settings(adopt=("adopted",), skips=(("adopted/gone.py", "2999-01-01"),))
    run = project.run("--collect-only")
    assert run.code == 0, run.text


def test_xfail_is_counted_and_otherwise_left_alone(project):
    project.file(
        "test_x.py",
        """
        import pytest
        pytestmark = pytest.mark.usefixtures("seatrial_thing")
        @pytest.mark.xfail
        def test_fails(): assert 0
        @pytest.mark.xfail(run=False)
        def test_not_run(): assert 0
        @pytest.mark.xfail(strict=True)
        def test_strict(): assert 0
        @pytest.mark.xfail
        def test_passes_unexpectedly(): assert 1
        def test_fails_on_demand(): pytest.xfail("later")
        """,
    )
    run = project.run()
    assert run.code == 0, run.text
    assert "4 xfailed, 1 xpassed" in run.text
    assert "5 expected failures" in run.summary


def test_the_first_violation_stops_a_run_with_exitfirst(project):
    project.file("test_x.py", SKIPS)
    run = project.run("-x")
    assert run.code == 1
    assert len(run.outcomes) == 1


@IN_WORKERS
def test_a_declaration_that_matches_no_test_fails_the_run(project, workers):
    project.file("tests/test_x.py", "def test_y(seatrial_thing): assert 1\n")
    project.settings(
        skips=(("tests/test_x.py::test_gone", "2999-01-01"), ("tests/*::test_old*", "2999-01-01"))
    )
    for arguments in ((), ("tests",)):
        run = project.run(*arguments, *workers)
        assert run.code == 1, run.text
        assert "a declared skip matches no collected test" in run.text
        assert "tests/test_x.py::test_gone" in run.text
        assert "tests/*::test_old*" in run.text


@pytest.mark.parametrize(
    "arguments", [("-k", "test_y"), ("tests/test_x.py::test_y",), ("other",), ("--ignore=tests/z.py",)]
)
def test_a_run_that_did_not_look_for_a_test_does_not_miss_it(project, arguments):
    project.file("tests/test_x.py", "def test_y(seatrial_thing): assert 1\n")
    project.file("other/test_z.py", "def test_y(seatrial_thing): assert 1\n")
    project.settings(skips=(("tests/test_x.py::test_gone", "2999-01-01"),))
    run = project.run(*arguments)
    assert run.code == 0, run.text


def test_deselected_by_a_mark_is_still_there(project):
    project.file(
        "test_x.py",
        """
        import pytest
        @pytest.mark.usefixtures("seatrial_thing")
        @pytest.mark.skip
        @pytest.mark.filterwarnings("ignore")
        def test_y(): assert 1
        def test_z(seatrial_thing): assert 1
        """,
    )
    project.settings(skips=(("test_x.py::test_y", "2999-01-01"),))
    run = project.run("-m", "not filterwarnings")
    assert run.code == 0, run.text


@IN_WORKERS
def test_a_run_whose_every_bound_test_was_skipped_is_red(project, workers):
    project.file("test_x.py", "import pytest\ndef test_y(seatrial_thing): pytest.skip('x')\n")
    project.file("test_free.py", "def test_free(): pass\n")
    project.settings(skips=(("test_x.py::test_y", "2999-01-01"),))
    run = project.run(*workers)
    assert run.code == 1
    assert "empty-run: all 1 bound tests were skipped" in run.text
    assert project.run("test_x.py::test_y").code == 0


def test_a_folder_named_through_a_link_is_the_same_folder(project):
    project.file(
        "adopted/test_x.py", "import pytest\ndef test_y(): pytest.skip('x')\ndef test_z(): assert 1\n"
    )
    (project.root / "link").symlink_to(project.root / "adopted")
    project.settings(adopt=("adopted",), skips=(("adopted/test_x.py::test_y", "2999-01-01"),))
    run = project.run("link")
    assert run.code == 0, run.text
    assert "1 declared skips" in run.summary


def test_a_file_that_does_not_import_hides_no_declaration(project):
    project.file("test_broken.py", "raise OSError('broken')\n")
    project.file("test_x.py", "def test_y(seatrial_thing): assert 1\n")
    project.settings(skips=(("test_broken.py::test_z", "2999-01-01"),))
    run = project.run("--continue-on-collection-errors")
    assert run.code == 1
    assert "1 passed, 1 error" in run.text
    assert "matches no collected test" not in run.text
