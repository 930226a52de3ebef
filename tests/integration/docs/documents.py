"""The documentation as its readers see it: fenced code blocks, with their titles, and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guide.md"
README = ROOT / "README.md"
SETTINGS = ROOT / "docs" / "settings.md"
ERRORS = ROOT / "docs" / "errors.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("[AC][A-Z]*.md")))

_FENCE = re.compile(
    r"^```(?P<language>\w+)(?P<attributes>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str
    title: str
    project: str

    @property
    def is_file(self) -> bool:
        return bool(re.fullmatch(r"[\w./-]+\.\w+", self.title))


def blocks(page: Path) -> list[Block]:
    """The blocks of a page; those without a project belong to the README's shop."""
    found = []
    for match in _FENCE.finditer(page.read_text(encoding="utf-8")):
        attributes = dict(_ATTRIBUTE.findall(match["attributes"]))
        found.append(
            Block(
                match["language"],
                match["text"],
                title=attributes.get("title", ""),
                project=attributes.get("project", "shop"),
            )
        )
    return found


def files(project: str) -> dict[str, str]:
    """The files of a documented project, README first."""
    both = [*blocks(README), *blocks(GUIDE)]
    return {block.title: block.text for block in both if block.is_file and block.project == project}


def titled(title: str) -> str:
    """The text of the one block with this title."""
    (found,) = [block.text for block in blocks(GUIDE) if block.title == title]
    return found


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next of the same or a higher level."""
    level = heading.partition(" ")[0]
    _, _, rest = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    assert rest, f"{page.name} has no heading {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> list[str]:
    """The code words in the first column of every table in a text; a cell may hold several."""
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [word for row in rows for word in _CODE.findall(row.split(" | ")[0])]
