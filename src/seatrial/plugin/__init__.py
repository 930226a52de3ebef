"""The pytest plugin's entry: options, and the decision whether this project uses seatrial at all.

Installed and unused it must cost next to nothing, so everything else is imported only where a settings
file with `[tool.seatrial]` is found.
"""

from __future__ import annotations

from argparse import SUPPRESS
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options; all of them begin with `--seatrial-`."""
    group = parser.getgroup("seatrial", "seatrial: the real application on a real database")
    group.addoption(
        "--seatrial-database",
        metavar="URL",
        help="the PostgreSQL server to test on, or 'embedded', or 'sqlite'; default: TESTING_DATABASE_URL, "
        "then inherited addresses that are provably safe, then the embedded server",
    )
    group.addoption(
        "--seatrial-isolation",
        choices=("reset", "clone", "rollback", "none"),
        help="how each test gets a pristine database, instead of the setting",
    )
    group.addoption(
        "--seatrial-mode",
        metavar="MODE",
        help="mock or live for every fake, or fake=mode for some, with commas: openai=live; "
        "default: TEST_MODE, then mock",
    )
    group.addoption(
        "--seatrial-rebuild", action="store_true", help="build the template anew, even if a cached one fits"
    )
    group.addoption(
        "--seatrial-keep",
        action="store_true",
        help="keep the databases of failed tests, and say how to open them after the run",
    )
    group.addoption(
        "--seatrial-verify",
        action="store_true",
        help="compare the whole database with its baseline after every test",
    )
    group.addoption(
        "--seatrial-ledger",
        metavar="PATH",
        help="write a record of the run to this file: tests, HTTP exchanges, SQL statements, calls to fakes",
    )
    group.addoption(
        "--seatrial-checks",
        metavar="NAMES",
        help="run these ready-made checks as well, with commas: groups or single ones (`seatrial check "
        "--list` names them); default: those that the settings switch on",
    )
    # How `seatrial audit --mutations` speaks to the processes that run tests for it.
    group.addoption("--seatrial-mutants", type=int, help=SUPPRESS)
    group.addoption(
        "--seatrial-baseline",
        choices=("create", "shrink"),
        help="create: write the first file of tolerated violations; shrink: remove those that are gone",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Complete the environment before any conftest or application module is imported."""
    options = early_config.known_args_namespace
    file = None if options.help or options.version else _settings_file(early_config)
    if file is None:
        return (yield)
    from seatrial.plugin.activate import activate  # noqa: PLC0415 - only where seatrial is used
    from seatrial.plugin.explaining import conftests_checked  # noqa: PLC0415

    activate(early_config, file)
    with conftests_checked(early_config):
        return (yield)


def _settings_file(config: pytest.Config) -> Path | None:
    from seatrial.config import find_settings  # noqa: PLC0415 - cheap, and not needed for --help of others

    start = config.invocation_params.dir
    if config.rootpath not in (start, *start.parents):
        start = config.rootpath
    return find_settings(start, stop=config.rootpath)
