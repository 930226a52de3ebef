"""An OpenAPI document: its parts by address, its operations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from seatrial.fakes.http.openapi.reading import Files, read, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSIONS = ("3.0.", "3.1.")
_LONGEST_CHAIN = 50


@dataclass(frozen=True, kw_only=True)
class Part:
    """A value in a document, and where it is."""

    file: str
    pointer: tuple[str, ...]
    value: Any

    @property
    def address(self) -> str:
        """As a `$ref` names it, file included."""
        steps = "".join(
            f"/{quote(step.replace('~', '~0').replace('/', '~1'), safe='~')}" for step in self.pointer
        )
        return f"{self.file}#{steps}"

    def below(self, *steps: str) -> Part:
        """What is further down; its value is None where there is nothing."""
        value = self.value
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return Part(file=self.file, pointer=(*self.pointer, *steps), value=value)

    def children(self) -> Iterator[tuple[str, Part]]:
        """The parts right below, by name or by number."""
        if isinstance(self.value, dict):
            for name in self.value:
                yield name, self.below(name)
        for index, value in enumerate(self.value) if isinstance(self.value, list) else ():
            yield str(index), Part(file=self.file, pointer=(*self.pointer, str(index)), value=value)


class Document:
    """A document of version 3.0 or 3.1, read and found to be whole.

    Args:
        path: its file, YAML or JSON.

    Raises:
        FakeError: it cannot be read, is of another version, or refers to what is not there.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.start, self.files = read(path)
        self._check_version()
        self._check_references()

    @property
    def root(self) -> Part:
        """All of it."""
        return Part(file=self.start, pointer=(), value=self.files[self.start])

    @cached_property
    def version(self) -> str:
        """`3.0` or `3.1`."""
        return str(self.root.below("openapi").value)[:3]

    @cached_property
    def base_paths(self) -> list[str]:
        """The paths of its servers, without a slash at the end; before every path of the document."""
        urls = []
        for _, server in self.root.below("servers").children():
            url = str(server.below("url").value or "")
            for name, variable in server.below("variables").children():
                url = url.replace(f"{{{name}}}", str(variable.below("default").value))
            urls.append(url)
        paths = [urlsplit(urljoin("http://server/", url)).path.rstrip("/") for url in urls]
        return list(dict.fromkeys(paths)) or [""]

    def follow(self, part: Part) -> Part:
        """The part that a `$ref` stands for; the part itself where there is none.

        Raises:
            FakeError: it leads nowhere, or round in a circle.
        """
        found = part
        for _ in range(_LONGEST_CHAIN):
            ref = found.value.get("$ref") if isinstance(found.value, dict) else None
            if not isinstance(ref, str):
                return found
            found = _resolved(self.files, found.file, ref, self.name)
        raise unusable(f"{self.name} refers in a circle through {found.value['$ref']!r}", remedy=_LOOK)

    def _check_version(self) -> None:
        whole = isinstance(self.root.value, dict)
        found = self.root.below("openapi").value if whole else None
        if not str(found).startswith(_VERSIONS):
            raise unusable(
                f"{self.name} expects openapi 3.0 or 3.1, found {found!r}",
                remedy="Convert the document, for example with the tools of its publisher.",
            )
        if not isinstance(self.root.below("paths").value, dict):
            raise unusable(
                f"{self.name} expects paths, found none", remedy="Name the document with the paths."
            )

    def _check_references(self) -> None:
        for file, content in self.files.items():
            waiting = [content]
            while waiting:
                value = waiting.pop()
                if isinstance(value, dict):
                    self.follow(Part(file=file, pointer=(), value=value))
                    waiting.extend(value.values())
                elif isinstance(value, list):
                    waiting.extend(value)


_LOOK = "Correct the reference."


def _resolved(files: Files, file: str, ref: str, name: str) -> Part:
    address, fragment = urldefrag(urljoin(file, ref))
    steps = tuple(
        step.replace("~1", "/").replace("~0", "~") for step in unquote(fragment).strip("/").split("/") if step
    )
    value = files.get(address)
    for step in steps:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            raise unusable(f"{name} refers to {ref!r}, which is not there", remedy=_LOOK)
    return Part(file=address, pointer=steps, value=value)
