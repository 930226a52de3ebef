"""Coverage contracts: what `coverage-targets.yaml` promises, held against what coverage.py has measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.lazy import lazy_names

if TYPE_CHECKING:
    from seatrial.contracts.explaining import explain
    from seatrial.contracts.judging import Judgement, judge
    from seatrial.contracts.load import load_contract
    from seatrial.contracts.measuring import Measurement, measure, open_data
    from seatrial.contracts.model import Contract
    from seatrial.contracts.suite import SuiteRun
    from seatrial.contracts.writing import write_reports

__all__ = [
    "Contract",
    "Judgement",
    "Measurement",
    "SuiteRun",
    "explain",
    "judge",
    "load_contract",
    "measure",
    "open_data",
    "write_reports",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Contract": "model",
        "Judgement": "judging",
        "Measurement": "measuring",
        "SuiteRun": "suite",
        "explain": "explaining",
        "judge": "judging",
        "load_contract": "load",
        "measure": "measuring",
        "open_data": "measuring",
        "write_reports": "writing",
    },
)
