"""The chapters of the report: each was measured in one run, and can be measured again alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine, places

if TYPE_CHECKING:
    from bench.figures import Section

RESULTS = Path(__file__).with_name("RESULTS.md")
_BEGINNING = re.compile(r"^(?=# )", re.MULTILINE)


def render(
    title: str, command: str, sections: list[Section], noise: machine.Noise, *, seconds: float, quick: bool
) -> str:
    """One chapter in Markdown: what it was measured with, then its sections."""
    found = ", ".join(place.name for place in places.places())
    goals = [goal for section in sections for goal in section.goals]
    run = f"`{command}`, with --quick (too few rounds to judge by)," if quick else f"`{command}`"
    met = f"Goals met: {sum(goal.met for goal in goals)} of {len(goals)}."
    head = [
        f"# {title}",
        f"Printed by {run} in one run of {seconds:.0f} s. {met}",
        "\n".join([*machine.facts(), f"- servers on {found}", *noise.lines()]),
    ]
    return "\n\n".join([*head, *(section.markdown() for section in sections)])


def write(chapter: str, file: Path = RESULTS) -> None:
    """Put a chapter into the file: in place of the one of the same title, else at the end."""
    heading = chapter.split("\n", 1)[0]
    kept = _BEGINNING.split(file.read_text(encoding="utf-8")) if file.exists() else []
    chapters = {old.split("\n", 1)[0]: old.rstrip() for old in kept if old.strip()}
    chapters[heading] = chapter.rstrip()
    file.write_text("\n\n\n".join(chapters.values()) + "\n", encoding="utf-8")
