"""Ready-made checks as ordinary items of a run: they can be selected, distributed and counted like tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seatrial.checks import Check, Ground, Verdict, refuse_unknown, run_check, select
from seatrial.errors import SeatrialError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seatrial.trial import Trial


class ChecksPlugin:
    """Adds the chosen checks to the collected tests.

    Args:
        trial: the trial of this run.
        asked: what `--seatrial-checks` names; else what the settings switch on is run.

    Raises:
        CheckError: there is no check of that name.
    """

    def __init__(self, trial: Trial, asked: str | None) -> None:
        self._trial = trial
        refuse_unknown(trial.settings.checks.accept)
        names = asked.split(",") if asked is not None else trial.settings.checks.run
        self._checks = select([name.strip() for name in names])
        self._left_out = bool(self._checks) and asked is None and not Ground.is_there(trial)

    def pytest_report_header(self) -> str | None:
        """Say so if what is switched on cannot be run here."""
        if self._left_out:
            return f"seatrial: {len(self._checks)} checks are left out: they need PostgreSQL"
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add one item for each check."""
        if self._checks and not self._left_out:
            group: Any = CheckGroup.from_parent(
                session, name="seatrial", nodeid="seatrial", trial=self._trial
            )
            items += [CheckItem.from_parent(group, name=check.name, check=check) for check in self._checks]


class CheckGroup(pytest.Collector):
    """Where the checks stand in the tree of tests."""

    def __init__(self, *, trial: Trial, **node: Any) -> None:
        super().__init__(**node)
        self._trial = trial

    @property
    def ground(self) -> Ground:
        """The server of this process, with the template that tests have at this moment."""
        return Ground.of_trial(self._trial)

    def collect(self) -> Sequence[pytest.Item]:
        """Nothing: the items were added by hand."""
        return []


class CheckItem(pytest.Item):
    """One check."""

    def __init__(self, *, check: Check, **node: Any) -> None:
        super().__init__(**node)
        self._check = check

    def runtest(self) -> None:
        """Run it.

        Raises:
            FoundError: something is wrong.
        """
        assert isinstance(self.parent, CheckGroup)
        verdict = run_check(self._check, self.parent.ground)
        if verdict.notes:
            self.add_report_section("call", "seatrial: notes", "\n".join(verdict.notes))
        if not verdict.passed:
            raise FoundError(verdict)
        if verdict.inapplicable:
            pytest.skip(f"nothing to look at: {verdict.inapplicable}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """Findings as they are, without our own frames."""
        if isinstance(excinfo.value, (FoundError, SeatrialError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What heads its failure."""
        return self.path, None, f"check {self.name}"


class FoundError(Exception):
    """A check found something."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
