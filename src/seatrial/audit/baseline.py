"""The violations an existing suite starts with: a file that is tolerated, and can only shrink."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from seatrial.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

LeakRule = Literal[
    "leak.open-transaction",
    "leak.running-statement",
    "leak.session-lock",
    "leak.prepared-transaction",
    "leak.checked-out",
    "leak.thread-at-work",
    "leak.changed-environment",
]
"""The codes of what a test left behind."""
TestRule = Literal["no-assertion", "undeclared-skip"]
Rule = TestRule | LeakRule
LEAK_RULES: tuple[LeakRule, ...] = get_args(LeakRule)
EVERY_RULE: tuple[Rule, ...] = (*get_args(TestRule), *LEAK_RULES)


@dataclass(frozen=True, order=True)
class Violation:
    """One rule broken by one test."""

    test: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.test} ({self.rule})"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The tolerated violations, and where they are kept."""

    path: Path
    violations: frozenset[Violation] = field(default=frozenset())

    def __contains__(self, violation: object) -> bool:
        return violation in self.violations

    def __iter__(self) -> Iterator[Violation]:
        return iter(sorted(self.violations))

    def gone(self, collected: Collection[str]) -> frozenset[Violation]:
        """The entries whose test is not among `collected`, the ids of the whole suite."""
        return frozenset(entry for entry in self.violations if entry.test not in collected)

    def without(self, stale: Iterable[Violation]) -> Baseline:
        """A smaller baseline. There is no way to a larger one."""
        return Baseline(path=self.path, violations=self.violations - frozenset(stale))

    def write(self) -> None:
        """Write the file, one sorted entry per line, so that a change of it reads well in a review.

        Raises:
            SettingsError: the file cannot be written.
        """
        lines = [json.dumps({"test": entry.test, "rule": entry.rule}, ensure_ascii=False) for entry in self]
        text = "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
        scratch = self.path.with_name(f".{self.path.name}.new")
        try:
            # Replaced in one step: an interrupted run must not leave half a baseline.
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(self.path)
        except OSError as error:
            scratch.unlink(missing_ok=True)
            raise SettingsError(
                f"The baseline {self.path} could not be written: {error.strerror}",
                code="baseline.not-writable",
                remedy="make the folder writable, or name another file in baseline of [tool.seatrial.tests].",
            ) from error


def load(path: Path) -> Baseline:
    """Read the baseline; a file that does not exist tolerates nothing.

    Raises:
        SettingsError: the file is not a list of `{"test": ..., "rule": ...}`.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Baseline(path=path)
    except (OSError, ValueError) as error:
        raise _corrupt(path, str(error)) from error
    if not isinstance(entries, list):
        raise _corrupt(path, f"expected a list, found {type(entries).__name__}")
    return Baseline(path=path, violations=frozenset(_violation(path, entry) for entry in entries))


def _violation(path: Path, entry: object) -> Violation:
    if not isinstance(entry, dict) or set(entry) != {"test", "rule"} or not isinstance(entry["test"], str):
        raise _corrupt(path, f'expected {{"test": ..., "rule": ...}}, found {json.dumps(entry)}')
    if entry["rule"] not in EVERY_RULE:
        raise _corrupt(path, f"the rules are {', '.join(EVERY_RULE)}; found {json.dumps(entry['rule'])}")
    return Violation(entry["test"], entry["rule"])


def _corrupt(path: Path, found: str) -> SettingsError:
    return SettingsError(
        f"The baseline {path} cannot be read: {found}",
        code="baseline.corrupt",
        remedy="restore it from version control; only --seatrial-baseline=create and =shrink write it.",
    )
