from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seatrial.config import load_settings, refuse_unbuilt
from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[database]\nengine = 'postgres'\nprovider = 'auto'\nisolation = 'reset'",
        "[database]\nprovider = 'embedded'\nisolation = 'clone'",
        "[database]\nprovider = 'external'\nisolation = 'rollback'",
        "[database]\nisolation = 'none'",
        "identities.scheme = 'jwt'\nidentities.algorithm = 'RS256'\nfakes.openai = {}",
    ],
)
def test_what_is_served_passes(tmp_path: Path, content: str) -> None:
    file = tmp_path / "seatrial.toml"
    file.write_text(content)
    refuse_unbuilt(load_settings(file))


REFUSED = [
    ("database.provider = 'docker'", "database.provider", '"embedded"'),
    ("databases.reports = {}", "databases.reports", "one database"),
]


@pytest.mark.parametrize(("content", "key", "served"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_served_is_refused_and_never_ignored(
    tmp_path: Path, content: str, key: str, served: str
) -> None:
    file = tmp_path / "seatrial.toml"
    file.write_text(content)
    settings = load_settings(file)
    with pytest.raises(SettingsError) as caught:
        refuse_unbuilt(settings)
    assert caught.value.code == "settings.not-served"
    assert caught.value.message.startswith(f"{key} in {file}: this version of seatrial does not serve")
    assert served in caught.value.remedy
