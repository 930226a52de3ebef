"""The README's own example, taken from it as printed."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_BLOCK = re.compile(r'^```\w+ title="(?P<title>[^"]+)"\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE)


def titled_blocks(document: Path = ROOT / "README.md") -> dict[str, str]:
    """The text of every fenced block that has a title, by title."""
    found = _BLOCK.finditer(document.read_text(encoding="utf-8"))
    return {block["title"]: block["text"] for block in found}


def write_example(folder: Path) -> list[str]:
    """Write the files of the example; the commands that the README says to type after that."""
    blocks = titled_blocks()
    commands = blocks.pop("run").splitlines()
    assert set(blocks) == {"shop.py", "schema.sql", "pyproject.toml", "test_shop.py"}
    for name, text in blocks.items():
        (folder / name).write_text(text, encoding="utf-8")
    return commands
