"""A bound test that executes no assertion fails."""

from __future__ import annotations

import pytest

PASSING = """
    import asyncio, contextlib, unittest, warnings
    from contextlib import nullcontext
    from unittest import mock
    import pytest

    pytestmark = pytest.mark.usefixtures("seatrial_thing")

    def test_plain(): assert 1 + 1 == 2
    def test_raises():
        with pytest.raises(ValueError):
            int("x")
    def test_raises_called(): pytest.raises(ValueError, int, "x")
    def test_warns():
        with pytest.warns(UserWarning):
            warnings.warn("x")
    @pytest.mark.parametrize("expectation", [pytest.raises(ZeroDivisionError)])
    def test_expectation_as_parameter(expectation):
        with expectation:
            1 / 0
    def test_mock():
        thing = mock.Mock()
        thing(1)
        thing.assert_called_once_with(1)
    def test_a_fluent_library():
        def assert_that(value):
            thing = mock.Mock()
            thing.is_equal_to = lambda other: None
            return thing
        assert_that(1).is_equal_to(1)
    def test_subtests(subtests):
        for number in range(3):
            with subtests.test(number=number):
                assert number < 3
    async def test_async(): assert await asyncio.sleep(0, True)
    async def test_async_mock():
        thing = mock.AsyncMock()
        await thing()
        thing.assert_awaited_once()
    class TestClass:
        def test_method(self): assert self
    class TestUnit(unittest.TestCase):
        def test_equal(self): self.assertEqual(1, 1)
        def test_raises(self):
            with self.assertRaises(ValueError):
                int("x")
        def test_subtest(self):
            for number in range(3):
                with self.subTest(number=number):
                    self.assertLess(number, 3)
    class TestAsyncUnit(unittest.IsolatedAsyncioTestCase):
        async def test_equal(self): self.assertEqual(1, await asyncio.sleep(0, 1))
"""

HOLLOW = """
    import asyncio, unittest
    from contextlib import suppress
    import pytest

    pytestmark = pytest.mark.usefixtures("seatrial_thing")

    def test_empty_loop():
        for row in []:
            assert row
    def test_branch_not_taken():
        if False:
            assert True
    def test_nothing(): pass
    def test_swallowed():
        with suppress(AssertionError):
            assert False
    def test_hollow_subtests(subtests):
        with subtests.test():
            pass
    def assert_all(rows):
        for row in rows:
            assert row
    def test_hollow_helper(): assert_all([])
    async def test_async_hollow(): await asyncio.sleep(0)
    class TestUnit(unittest.TestCase):
        def test_unittest_hollow(self): self.assertTrue
"""

ASYNCIO = ("-p", "pytest_asyncio.plugin", "-o", "asyncio_mode=auto")


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n2")])
def test_every_kind_of_assertion_counts(project, workers):
    project.file("test_passing.py", PASSING)
    run = project.run(*ASYNCIO, *workers)
    assert run.code == 0, run.text
    assert len(run.outcomes) == 15
    assert run.summary == "15 bound tests, 19 assertions executed"


@pytest.mark.parametrize("workers", [(), ("-p", "xdist.plugin", "-n2")])
def test_an_assertion_that_was_not_executed_does_not_count(project, workers):
    project.file("test_hollow.py", HOLLOW)
    run = project.run(*ASYNCIO, *workers)
    assert run.code == 1
    assert set(run.outcomes.values()) == {"failure"}, run.text
    assert (
        "FAILED test_hollow.py::test_empty_loop - no-assertion: passed without executing one assertion"
        in run.text
    )
    assert "8 violations" in run.summary


@pytest.mark.parametrize("plugin", ["anyio.pytest_plugin", "pytest_timeout", "pytest_randomly"])
def test_other_plugins_run_tests_their_own_way(project, plugin):
    project.file(
        "test_x.py",
        """
        import pytest
        pytestmark = pytest.mark.filterwarnings("ignore")
        @pytest.mark.anyio
        async def test_async(seatrial_thing, anyio_backend): assert seatrial_thing
        @pytest.mark.anyio
        async def test_hollow_async(seatrial_thing, anyio_backend): pass
        def test_sync(seatrial_thing): assert seatrial_thing
        def test_hollow(seatrial_thing): pass
        """,
    )
    arguments = () if plugin.startswith("anyio") else ("-k", "not async")
    run = project.run("-p", plugin, *arguments)
    hollow = {name for name, outcome in run.outcomes.items() if outcome == "failure"}
    assert hollow, run.text
    assert hollow == {name for name in run.outcomes if "hollow" in name}
