"""The file with a profile for each person, as the Databricks CLI writes it: for `DATABRICKS_CONFIG_FILE`."""

from __future__ import annotations

import os
from configparser import ConfigParser
from typing import TYPE_CHECKING

from seatrial.postgres.server.runs import create_roomy_run

if TYPE_CHECKING:
    from pathlib import Path

    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.workspace import State
    from seatrial.postgres.server.runs import RunFolder


class Profiles:
    """A file in a folder of its own that nobody else can read."""

    def __init__(self) -> None:
        self._folder: RunFolder | None = None

    def write(self, url: str, state: State) -> Path:
        """Write the file; the first profile is `DEFAULT` as well.

        Args:
            url: of the workspace.
            state: of the workspace, with its people.
        """
        profiles = {person.label: _keys(url, state, person) for person in state.people.values()}
        if self._folder is None:
            self._folder = create_roomy_run("profiles")
        path = self._folder.path / ".databrickscfg"
        written = ConfigParser(interpolation=None, default_section="")
        first = next(iter(profiles.values()), {})
        for name, keys in {"DEFAULT": first, **profiles}.items():
            written[name] = dict(keys)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            written.write(file)
        return path

    def close(self) -> None:
        """Remove the file and its folder."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _keys(url: str, state: State, person: Person) -> dict[str, str]:
    if person.kind == "service_principal":
        return {"host": url, "client_id": person.name, "client_secret": state.secrets[person.name]}
    return {"host": url, "token": state.tokens.latest(person.name) or ""}
