"""What one process did, what all of them did together, and how it is told in a few lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from seatrial.postgres.isolation.base import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seatrial.postgres.providers import Prepared
    from seatrial.sqlite.template import SqliteTemplate
    from seatrial.trial import Trial


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """The figures of one process, or of several added up. Times are in seconds."""

    tests: int = 0
    processes: int = 1
    server: str = ""
    template: str = ""
    start: float = 0.0
    """The longest time from nothing to a database ready for its first test."""
    application: str = ""
    application_start: float = 0.0
    untouched: int = 0
    reset: int = 0
    replaced: int = 0
    """How often the database was as it should be, was put right in place, was replaced by a fresh copy."""
    isolation_time: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    """Why a fresh copy was needed where a reset would have been cheaper."""

    @classmethod
    def of_trial(cls, trial: Trial, *, tests: int) -> RunSummary:
        """What one process did."""
        database = trial.database
        prepared = database.prepared if database else None
        tally = (database.tally if database else None) or Tally()
        return cls(
            tests=tests,
            server=prepared.server if prepared else "",
            template=_template(prepared) if prepared else "",
            start=database.start_seconds if database else 0.0,
            application=(trial.settings.app or "") if trial.app_start_seconds else "",
            application_start=trial.app_start_seconds,
            untouched=tally.untouched,
            reset=tally.reset,
            replaced=tally.replaced,
            isolation_time=tally.seconds,
            reasons=dict(tally.reasons),
        )

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunSummary:
        """The inverse of `to_json`."""
        return cls(**values)

    @classmethod
    def merged(cls, parts: Sequence[RunSummary]) -> RunSummary:
        """Counts are added, times to start are the longest; texts are the same in every process."""
        used = [part for part in parts if part.tests]
        if not used:
            return cls()
        first = used[0]
        return cls(
            tests=sum(part.tests for part in used),
            processes=len(used),
            server=first.server,
            template=next((part.template for part in used if "built" in part.template), first.template),
            start=max(part.start for part in used),
            application=first.application,
            application_start=max(part.application_start for part in used),
            untouched=sum(part.untouched for part in used),
            reset=sum(part.reset for part in used),
            replaced=sum(part.replaced for part in used),
            isolation_time=sum(part.isolation_time for part in used),
            reasons=dict(sum((Counter(part.reasons) for part in used), Counter())),
        )


def _template(prepared: Prepared | SqliteTemplate) -> str:
    report = prepared.report
    how = "template from the cache" if prepared.cached else f"template built in {_ms(report.seconds)}"
    revision = f" at revision {report.revision}" if report.revision else ""
    tables = "1 table" if report.tables == 1 else f"{report.tables} tables"
    return f"{how}, {tables}{revision}"


def render(summary: RunSummary) -> list[str]:
    """The lines of the terminal summary."""
    workers = f" in {summary.processes} processes" if summary.processes > 1 else ""
    lines = [f"tests        {summary.tests} used seatrial{workers}"]
    if summary.server:
        lines.append(f"database     {summary.server}; ready in {_ms(summary.start)}; {summary.template}")
    if summary.application:
        lines.append(f"application  {summary.application}; started in {_ms(summary.application_start)}")
    if summary.untouched or summary.reset or summary.replaced:
        lines.append(f"isolation    {_isolation(summary)}")
    return lines


def _isolation(summary: RunSummary) -> str:
    """How the database was brought back between tests, and what that cost on average."""
    total = summary.untouched + summary.reset + summary.replaced
    parts = []
    if summary.reset:
        parts.append(_counted(summary.reset, "reset"))
    if summary.untouched:
        parts.append(f"{_counted(summary.untouched, 'time')} nothing had changed")
    if summary.replaced:
        why = ", ".join(f"{reason}: {count}" for reason, count in Counter(summary.reasons).most_common())
        parts.append(
            f"{_counted(summary.replaced, 'fresh database')} put in place" + (f" ({why})" if why else "")
        )
    return f"{', '.join(parts)}; {_ms(summary.isolation_time / total)} each"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"  # noqa: PLR2004
