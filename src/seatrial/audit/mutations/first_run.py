"""The run without a mutant, from whose record it is known which test touches what."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from seatrial.audit.mutations.runner import pytest_command
from seatrial.errors import AuditError
from seatrial.ledger import read
from seatrial.postgres.server.runs import create_roomy_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seatrial.ledger import Ledger

_SHOWN_LINES = 40


def first_run(arguments: Sequence[str], *, folder: Path) -> Ledger:
    """Run the tests once, on the schema as it is.

    Args:
        arguments: what pytest is called with.
        folder: where it is called.

    Raises:
        AuditError: a test fails already, there is none, or the record has gaps.
    """
    scratch = create_roomy_run("audit")
    try:
        ledger = _recorded(arguments, folder, scratch.path / "run.jsonl")
    finally:
        scratch.remove()
    if ledger.gaps:
        raise AuditError(
            "The record of the run without a mutant is not complete.",
            code="mutations.gaps",
            detail="\n".join(gap.what for gap in ledger.gaps),
            remedy="Run the tests with --seatrial-ledger, and mend what it says is missing.",
        )
    return ledger


def _recorded(arguments: Sequence[str], folder: Path, record: Path) -> Ledger:
    run = subprocess.run(
        [*pytest_command(arguments), f"--seatrial-ledger={record}"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode:
        raise AuditError(
            f"Without a mutant the tests do not pass (pytest ended with status {run.returncode}).",
            code="mutations.not-green",
            detail="\n".join(run.stdout.splitlines()[-_SHOWN_LINES:]),
            remedy="Mend them first: a test that fails anyway notices nothing.",
        )
    return read(record)
