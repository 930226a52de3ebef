"""Turns a pytest report red, with a message that survives every way a report travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from _pytest._code.code import ReprExceptionInfo, ReprFileLocation, ReprTracebackNative

if TYPE_CHECKING:
    import pytest


def redden(report: pytest.TestReport | pytest.CollectReport, message: str) -> None:
    """Make `report` a failure that says `message`, at the place the report is about.

    The message has the form pytest gives an exception, since its short summary, JUnit files and xdist's
    transport all read that; a plain string would lose its first line in the summary.
    """
    path, line = _place(report)
    report.outcome = "failed"
    report.longrepr = ReprExceptionInfo(
        reprtraceback=ReprTracebackNative([message + "\n"]),
        reprcrash=ReprFileLocation(path, line, message),
    )


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The reason a skipped `report` gives."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr or "")
    for prefix in ("Skipped: ", "unittest.case.SkipTest: "):
        text = text.removeprefix(prefix)
    return text


def _place(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, int]:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[0]), int(report.longrepr[1])
    path, line, _ = report.location or (report.fspath, None, None)
    return str(path), (line or 0) + 1
