"""The reports that a contract asks for, written by coverage itself."""

from __future__ import annotations

import warnings
from contextlib import chdir
from typing import TYPE_CHECKING

from seatrial.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from coverage import Coverage

    from seatrial.contracts.model import Contract


def write_reports(
    contract: Contract, coverage: Coverage, *, folder: Path, done: Collection[str] = ()
) -> list[str]:
    """Write what `reports` of the contract names; the paths that were written.

    Args:
        contract: the contract.
        coverage: with its data loaded.
        folder: the folder that its relative names begin at.
        done: the kinds, `html` and `xml`, that somebody else writes in this run.

    Raises:
        ContractError: a report could not be written.
    """
    from coverage import CoverageException  # noqa: PLC0415 - an extra, and start-up time

    html, xml = contract.reports.html, contract.reports.xml
    written = []
    with warnings.catch_warnings(), chdir(folder):
        warnings.simplefilter("ignore")
        try:
            if html and "html" not in done:
                coverage.html_report(directory=str(contract.root / html), ignore_errors=True)
                written.append(html)
            if xml and "xml" not in done:
                coverage.xml_report(outfile=str(contract.root / xml), ignore_errors=True)
                written.append(xml)
        except (CoverageException, OSError) as error:
            raise ContractError(
                f"A report of the coverage contract could not be written: {' '.join(str(error).split())}",
                code="contracts.report",
                remedy=f"Correct reports in {contract.name}.",
            ) from error
    return written
