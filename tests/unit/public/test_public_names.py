"""What users import: every public name exists, has a docstring, and costs nothing until it is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

import seatrial

EXPECTED = [
    "ApplicationError", "AsyncClient", "AuditError", "CatalogError", "CheckError", "Client",
    "CountedStatements", "FakeError", "Fakes", "Handle", "Identities", "Identity", "IdentityError",
    "IsolationError", "LedgerError", "NetworkError", "SeatrialError",
    "ServerError", "SettingsError", "TemplateError", "TestDatabase", "TransactionError", "Trial",
    "UnsafeTargetError", "__version__", "counted_statements",
]  # fmt: skip


def test_the_public_names_are_these_and_no_others() -> None:
    assert seatrial.__all__ == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_each_public_name_exists_and_says_what_it_is(name: str) -> None:
    value = getattr(seatrial, name)
    assert isinstance(value, str) or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Server'"):
        _ = seatrial.Server


def test_importing_seatrial_loads_only_what_finds_its_names() -> None:
    code = "import sys; import seatrial; print(sorted(m for m in sys.modules if m.startswith('seatrial')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['seatrial', 'seatrial.lazy']"


def test_an_error_shows_what_happened_its_code_and_what_to_do() -> None:
    error = seatrial.TemplateError("no table", code="template.empty", remedy="make one", detail="log\n")
    assert str(error) == "no table [template.empty]\nlog\nWhat to do: make one"
