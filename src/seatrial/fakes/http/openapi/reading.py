"""Read an OpenAPI document and the files it refers to; nothing is fetched from anywhere else."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from seatrial.errors import FakeError

if TYPE_CHECKING:
    from collections.abc import Iterator

Files = dict[str, Any]
"""The address of each file -> what it holds; mappings have strings as keys only."""


def read(path: Path) -> tuple[str, Files]:
    """The address of the document, and every file it needs.

    Raises:
        FakeError: a file cannot be read, is neither YAML nor JSON, or refers to another machine.
    """
    start = path.resolve().as_uri()
    files: Files = {}
    waiting = [start]
    while waiting:
        address = waiting.pop()
        if address in files:
            continue
        files[address] = _parsed(Path(unquote(urlsplit(address).path)))
        waiting += [urldefrag(urljoin(address, ref)).url for ref in _references(files[address], address)]
    return start, files


def _references(value: Any, address: str) -> Iterator[str]:
    """Every `$ref` below a value, all of them within relative files."""
    if isinstance(value, dict):
        ref = value.get("$ref")
        if isinstance(ref, str):
            if urlsplit(ref).scheme or ref.startswith("/"):
                name = Path(unquote(urlsplit(address).path)).name
                raise unusable(
                    f"{name} refers to {ref!r}: only the document itself and files beside it are read",
                    remedy="Keep a copy of what it refers to beside the document, and refer to that.",
                )
            yield ref
        value = list(value.values())
    for below in value if isinstance(value, list) else ():
        yield from _references(below, address)


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
            remedy="Give the path from the folder of the settings, or correct the reference.",
        ) from error
    try:
        return _with_names(json.loads(text) if path.suffix == ".json" else _from_yaml(text))
    except ValueError as error:
        raise unusable(
            f"{path} is neither YAML nor JSON: {' '.join(str(error).split())}",
            remedy="Correct the file at that line.",
        ) from error


def _with_names(value: Any) -> Any:
    # YAML reads the status in `200:` as a number.
    if isinstance(value, dict):
        return {str(name): _with_names(below) for name, below in value.items()}
    return [_with_names(below) for below in value] if isinstance(value, list) else value


def _from_yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - the extra, and start-up time

    try:
        return yaml.load(text, _loader())  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(error) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


@cache
def _loader() -> Any:
    """YAML as OpenAPI means it: dates are strings, and `on`, `off`, `yes` and `no` are words."""
    import yaml  # noqa: PLC0415

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    odd = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    Loader.yaml_implicit_resolvers = {
        letter: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag != odd[0] and (tag != odd[1] or letter in "tTfF")
        ]
        for letter, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    return Loader


def unusable(what: str, *, remedy: str) -> FakeError:
    """The error for a document that cannot be used."""
    return FakeError(f"The OpenAPI document {what}.", code="fakes.openapi", remedy=remedy)
