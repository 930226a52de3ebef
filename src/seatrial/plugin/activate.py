"""Switching seatrial on for a run: settings, environment, and the plugins that do the work."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from seatrial.config import load_settings
from seatrial.errors import SeatrialError
from seatrial.plugin import fixtures
from seatrial.plugin.aliases import ShortNames
from seatrial.plugin.baselines import WideFixtures
from seatrial.plugin.coverage_option import refuse_lists
from seatrial.plugin.explaining import startup_failure
from seatrial.plugin.honesty import HonestyPlugin
from seatrial.plugin.keeping import Keeping
from seatrial.plugin.lifecycle import Lifecycle
from seatrial.plugin.modes import ModesPlugin
from seatrial.plugin.network import NetworkPlugin
from seatrial.plugin.oracle import OraclePlugin
from seatrial.plugin.reporting import Reporting
from seatrial.plugin.state import TRIAL, is_bound
from seatrial.trial import Trial

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from seatrial.config.settings import Isolation, Settings
    from seatrial.trial.recording import Recording


_MARKERS = (
    "isolation(way): gets its database by reset, clone, rollback or none, instead of the setting",
    "live(*fakes): runs only where these fakes are live; without names, in live mode only",
    "mock(*fakes): runs only where none of these fakes is live; without names, where no fake is",
    "fresh_app: gets an application that was started for this test alone",
    # The others are labels for `-m`.
    "integration: uses real services or the whole application",
    "unit: needs neither a service nor the application",
    "slow: takes more than a moment",
)


def activate(config: pytest.Config, file: Path) -> None:
    """Prepare the trial and register everything that belongs to it.

    Raises:
        pytest.UsageError: the settings are wrong, or a database was named that is not provably ours.
    """
    options = config.known_args_namespace
    recording = _recording(config)
    try:
        refuse_lists(getattr(options, "cov_source", None) or (), folder=config.invocation_params.dir)
        settings = _with_options(load_settings(file), options.seatrial_isolation)
        trial = Trial(
            settings,
            database=options.seatrial_database,
            rebuild=options.seatrial_rebuild,
            verify=options.seatrial_verify,
            distributed=_is_distributed(options),
            mode=options.seatrial_mode,
            recording=recording,
        )
        trial.prepare()
    except Exception as error:
        raise pytest.UsageError(startup_failure(error)) from error
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.stash[TRIAL] = trial
    config.add_cleanup(trial.close)
    register = config.pluginmanager.register
    register(fixtures, "seatrial-fixtures")
    names = ShortNames()
    register(names, "seatrial-short-names")
    honesty = HonestyPlugin(settings.tests, settings.root, is_bound)
    honesty.install(config)
    register(honesty, "seatrial-honesty")
    modes = ModesPlugin(trial.modes)
    register(modes, "seatrial-modes")
    register(Lifecycle(trial), "seatrial-lifecycle")
    if recording is not None:
        from seatrial.plugin.ledger import RecordedTests  # noqa: PLC0415 - only where a ledger is written

        register(RecordedTests(recording.recorder, trial, honesty), "seatrial-recorded-tests")
    register(NetworkPlugin(trial), "seatrial-network")
    if trial.database is not None:
        register(WideFixtures(trial.shared_rows(trial.database)), "seatrial-baselines")
    if options.seatrial_keep:
        register(Keeping(trial), "seatrial-keeping")
    register(OraclePlugin(trial), "seatrial-oracle")
    if options.seatrial_checks is not None or settings.checks.run:
        register(_checks(trial, options.seatrial_checks), "seatrial-checks")
    if settings.contracts is not None and options.seatrial_mutants is None:
        register(_contract(settings, options), "seatrial-contract")
    if options.seatrial_mutants is not None:
        from seatrial.plugin.mutants import MutantsPlugin  # noqa: PLC0415 - only for an audit

        register(MutantsPlugin(trial, options.seatrial_mutants), "seatrial-mutants")
    register(Reporting(trial, names, honesty, modes), "seatrial-reporting")


def _recording(config: pytest.Config) -> Recording | None:
    """What keeps the record of this process, where one is asked for and tests run here."""
    options = config.known_args_namespace
    if not options.seatrial_ledger or options.collectonly:
        return None
    from seatrial.plugin.ledger import (  # noqa: PLC0415 - only where a ledger is written
        LedgerPlugin,
        open_files,
        recording_into,
    )

    files = open_files(config, config.invocation_params.dir / options.seatrial_ledger)
    runs_tests = not _is_distributed(options) or "PYTEST_XDIST_WORKER" in os.environ
    recording = recording_into(files) if runs_tests else None
    config.pluginmanager.register(LedgerPlugin(files, recording), "seatrial-ledger")
    return recording


def _checks(trial: Trial, asked: str | None) -> object:
    from seatrial.plugin.checks import ChecksPlugin  # noqa: PLC0415 - only runs with checks

    try:
        return ChecksPlugin(trial, asked)
    except SeatrialError as error:
        raise pytest.UsageError(str(error)) from error


def _contract(settings: Settings, options: Namespace) -> object:
    from seatrial.plugin.contract import ContractPlugin  # noqa: PLC0415 - only projects with a contract

    measured = getattr(options, "cov_source", None) and not options.no_cov
    if not measured or "PYTEST_XDIST_WORKER" in os.environ or settings.contracts is None:
        return ContractPlugin(None, root=settings.root)
    from seatrial.contracts import load_contract  # noqa: PLC0415 - only runs that measure

    try:
        contract = load_contract(settings.root / settings.contracts.file, root=settings.root)
    except SeatrialError as error:
        raise pytest.UsageError(str(error)) from error
    return ContractPlugin(contract, root=settings.root)


def _with_options(settings: Settings, isolation: Isolation | None) -> Settings:
    if isolation is None or settings.database is None:
        return settings
    return replace(settings, database=replace(settings.database, isolation=isolation))


def _is_distributed(options: Namespace) -> bool:
    """Whether pytest-xdist runs the tests in several processes, of which this may be one."""
    return bool(
        os.environ.get("PYTEST_XDIST_WORKER")
        or getattr(options, "numprocesses", None)
        or getattr(options, "tx", None)
    )
