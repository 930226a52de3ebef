"""Revisions that would lock or break a database in use."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Finding, Note
from seatrial.checks.migrations.scripts import Migrations
from seatrial.errors import CheckError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.checks.ground import Ground
    from seatrial.checks.migrations.scripts import Revision

_LIMIT_S = 60.0
_BOOKKEEPING = re.compile(
    r"^(?:CREATE TABLE|INSERT INTO|UPDATE|DELETE FROM) [^;]*\bversion_num\b[^;]*;", re.MULTILINE
)
"""Alembic's own table, which no revision of the project can write better."""

_FOUND = 1


def lint(ground: Ground) -> Iterator[Finding | Note]:
    """The SQL of new revisions passes squawk, which knows what locks tables for long or breaks their readers.

    New are the revisions after `checks.migrations.lint_after`; without it, the last one. A `.squawk.toml` of
    the project is respected.
    """
    program = _squawk()
    migrations = Migrations(ground)
    revisions = _new(migrations.history.revisions, ground.settings.checks.migrations.lint_after)
    version = f"{ground.cluster.version // 10000}.0"
    with ground.empty() as scratch:
        for revision in revisions:
            try:
                sql = migrations.ask(scratch, "offline", range=_range(revision))
            except TemplateError as error:
                yield Note(f"{revision} has no SQL that can be told without a database: {error.message}")
                continue
            for said in _linted(program, sql, version, root=ground.settings.root):
                yield _finding(revision, said)
    yield Note(f"linted: {', '.join(revision.id for revision in revisions) or 'nothing'}")


def _squawk() -> str:
    beside = Path(sys.executable).with_name("squawk")
    program = str(beside) if beside.is_file() else shutil.which("squawk")
    if program is None:
        raise CheckError(
            "The check migrations.lint needs squawk, which is not installed here.",
            code="checks.extra-missing",
            remedy='Install the extra: pip install "seatrial[checks]".',
        )
    return program


def _new(revisions: Sequence[Revision], after: str | None) -> list[Revision]:
    if after is None:
        return list(revisions[-1:])
    ids = [revision.id for revision in revisions]
    if after not in ids:
        raise CheckError(
            f"checks.migrations.lint_after names {after!r}, which is no revision.",
            code="checks.no-revision",
            remedy=f"Name one of the revisions; the last is {ids[-1]!r}." if ids else "Remove it.",
        )
    return list(revisions[ids.index(after) + 1 :])


def _range(revision: Revision) -> str:
    return f"{revision.down[0] if revision.down else 'base'}:{revision.id}"


def _linted(program: str, sql: str, version: str, *, root: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [program, "--reporter", "json", "--pg-version", version],
        cwd=root,
        input=_BOOKKEEPING.sub(_blank, sql),
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    if done.returncode not in (0, _FOUND):
        raise CheckError(
            f"squawk ended with status {done.returncode}: {done.stderr.strip()[:500]}",
            code="checks.squawk",
            remedy="Run `squawk` on the output of `alembic upgrade --sql` to see more.",
        )
    said: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return said


def _blank(statement: re.Match[str]) -> str:
    """As many lines, so that those of the others keep their numbers."""
    return "\n" * statement[0].count("\n")


def _finding(revision: Revision, said: dict[str, Any]) -> Finding:
    rule = str(said.get("rule_name") or said.get("rule") or "syntax")
    return Finding(
        where=f"{revision}: {rule}",
        what=f"{said.get('message', '')} (line {int(said.get('line', 0)) + 1} of its SQL)",
        remedy=str(said.get("help") or "see squawk's page on this rule"),
    )
