"""The template of a run: from the cache, or built into it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.postgres.cache import CacheFolder
from seatrial.postgres.template import TemplateReport, fingerprint
from seatrial.sqlite.build import build_template

if TYPE_CHECKING:
    from pathlib import Path

    from seatrial.postgres.template import TemplatePlan

_FILE, _REPORT = "template.db", "template.json"
_KEPT_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class SqliteTemplate:
    """A verified template file."""

    file: Path
    report: TemplateReport
    cached: bool
    """Whether it was there already."""
    server: str
    """For the summary: the version, and that it is not PostgreSQL."""


def fetch_template(plan: TemplatePlan, *, rebuild: bool) -> SqliteTemplate:
    """Find the template of a plan in the cache, or build it.

    Raises:
        TemplateError: the project's schema or seeds failed.
    """
    version = f"SQLite {sqlite3.sqlite_version}"
    cache = CacheFolder.locate()
    key = fingerprint(plan, server=version)
    built: list[str] = []

    def build(folder: Path) -> None:
        built.append(key)
        report = build_template(folder / _FILE, plan, fingerprint=key)
        (folder / _REPORT).write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")

    cache.prune(older_than_days=_KEPT_DAYS)
    entry = cache.entry(
        "sqlite", key, build, valid=lambda folder: _valid(folder) and (bool(built) or not rebuild)
    )
    return SqliteTemplate(
        file=entry / _FILE, report=_report(entry), cached=not built, server=f"{version}, NOT PostgreSQL"
    )


def _report(folder: Path) -> TemplateReport:
    return TemplateReport.from_json(json.loads((folder / _REPORT).read_text(encoding="utf-8")))


def _valid(folder: Path) -> bool:
    try:
        _report(folder)
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return (folder / _FILE).is_file()
