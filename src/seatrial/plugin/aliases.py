"""Registering the short fixture names, except those that another plugin owns."""

from __future__ import annotations

import os
import sys
from types import ModuleType

import pytest

from seatrial.plugin import short_names


class ShortNames:
    """Registers the short names at the start of the session, when every other plugin is known."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        """Short names another plugin has too, but cannot serve in this project."""
        self.yielded: dict[str, str] = {}
        """Short names left to another plugin, with that plugin's name."""

    # Before pytest reads the fixtures of conftests: of two that are visible everywhere the later one wins.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Leave a name to the plugin that has it; a conftest simply overrides ours."""
        manager = session.config.pluginmanager
        ours = _fixtures(short_names)
        owners = {name: owner for name, owner in _owners(manager).items() if name in ours}
        self.kept = {name: owner for name, owner in owners.items() if _is_idle(manager.get_plugin(owner))}
        self.yielded = {name: owner for name, owner in owners.items() if name not in self.kept}
        free = {name: fixture for name, fixture in ours.items() if name not in self.yielded}
        holder = ModuleType("seatrial.plugin.free_short_names")
        vars(holder).update(free)
        manager.register(holder, "seatrial-short-fixtures")


def _fixtures(holder: object) -> dict[str, object]:
    """The fixtures a plugin defines, by the name tests use."""
    found: dict[str, object] = {}
    for attribute, value in list(getattr(holder, "__dict__", {}).items()):
        if type(value).__name__ == "FixtureFunctionDefinition":
            found[getattr(value, "name", None) or attribute] = value
    return found


def _is_idle(plugin: object) -> bool:
    """Whether a plugin is installed but not in use.

    pytest-django without Django's settings skips every test that asks for one of its fixtures, and a
    skipped suite must not look like a passed one.
    """
    is_django = str(getattr(plugin, "__name__", "")).startswith("pytest_django.")
    if not is_django or os.environ.get("DJANGO_SETTINGS_MODULE"):
        return False
    conf = sys.modules.get("django.conf")
    return conf is None or not conf.settings.configured


def _owners(manager: pytest.PytestPluginManager) -> dict[str, str]:
    """Fixture name to plugin name, for every plugin that is not a conftest."""
    owners: dict[str, str] = {}
    for name, plugin in manager.list_name_plugin():
        if not str(getattr(plugin, "__file__", "")).endswith("conftest.py"):
            for fixture in _fixtures(plugin):
                owners.setdefault(fixture, name)
    return owners
