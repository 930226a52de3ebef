"""YAML as values with line numbers; what is wrong with the file as YAML is told with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.contracts.node import Node, Scalar
from seatrial.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TAG = "tag:yaml.org,2002:"


def read_yaml(file: Path, *, name: str) -> Node:
    """The one document of a YAML file.

    Args:
        file: the file.
        name: how messages name it.

    Raises:
        ContractError: it cannot be read, or is no YAML; or PyYAML is not installed.
    """
    yaml = _yaml()
    text = _text(file, name)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise _no_yaml(
                f"{name} is empty", remedy="Write the contract; docs/contracts.md has one to start from."
            )
        return _Converting(yaml, name).node(root)
    except yaml.YAMLError as error:
        raise _syntax(error, text, name) from error
    except RecursionError as error:
        raise _no_yaml(
            f"{name} is nested without an end", remedy="Remove the alias that leads back to itself."
        ) from error


def _yaml() -> Any:
    try:
        import yaml  # noqa: PLC0415 - an extra, and start-up time
    except ImportError as error:
        raise ContractError(
            "Reading a coverage contract needs PyYAML, which is not installed.",
            code="contracts.extra",
            remedy='pip install "seatrial[contracts]"',
        ) from error
    return yaml


def _text(file: Path, name: str) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ContractError(
            f"Expected a coverage contract at {name}: {error.strerror}.",
            code="contracts.unreadable",
            remedy="Create the file, or correct `file` under [tool.seatrial.contracts].",
        ) from error
    except UnicodeDecodeError as error:
        raise _no_yaml(
            f"{name} is not UTF-8 (byte {error.start})", remedy="Save the file as UTF-8."
        ) from error


class _Converting:
    """Makes nodes of what PyYAML has composed, scalars of their plain types."""

    def __init__(self, yaml: Any, file: str) -> None:
        self._file = file
        build: Any = yaml.SafeLoader("")
        self._scalars: dict[str, Callable[[Any], Scalar]] = {
            f"{_TAG}int": build.construct_yaml_int,
            f"{_TAG}float": build.construct_yaml_float,
            f"{_TAG}bool": build.construct_yaml_bool,
            f"{_TAG}null": build.construct_yaml_null,
        }
        self._mapping, self._sequence = yaml.MappingNode, yaml.SequenceNode

    def node(self, found: Any, key: str = "", line: int | None = None) -> Node:
        """One value and all below it; a value of a mapping stands where its key does."""
        place = found.start_mark.line + 1 if line is None else line
        return Node(self._value(found, key, place), file=self._file, line=place, key=key)

    def _value(self, found: Any, key: str, line: int) -> Scalar | list[Node] | dict[str, Node]:
        if isinstance(found, self._mapping):
            return self._names(found, key)
        if isinstance(found, self._sequence):
            return [self.node(item, f"{key}[{position}]") for position, item in enumerate(found.value)]
        convert = self._scalars.get(found.tag)
        if convert is None:
            return str(found.value)
        try:
            return convert(found)
        except ValueError as error:
            problem = f"{found.value!r} is no value of its type ({error})."
            place = Node(None, file=self._file, line=line, key=key)
            raise place.error(problem, code="contracts.bad-value", remedy="Put a text in quotes.") from error

    def _names(self, found: Any, key: str) -> dict[str, Node]:
        names: dict[str, Node] = {}
        for name, value in found.value:
            text = name.value if isinstance(name.value, str) else "?"
            node = self.node(value, f"{key}.{text}" if key else text, _line(name))
            if text in names:
                raise node.error(
                    f"the key stands in line {names[text].line} already.",
                    code="contracts.duplicate",
                    remedy="Keep one of the two: YAML would silently take the last.",
                )
            names[text] = node
        return names


def _line(found: Any) -> int:
    line: int = found.start_mark.line + 1
    return line


def _syntax(error: Exception, text: str, name: str) -> ContractError:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _no_yaml(f"{name} is not valid YAML: {' '.join(str(error).split())}", remedy="Correct it.")
    lines = text.splitlines()
    said = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in said[: len(said) - len(said.lstrip())]:
        return _no_yaml(
            f"{name}:{mark.line + 1} is indented with a tab, which YAML does not allow",
            remedy="Indent with spaces.",
        )
    problem = getattr(error, "problem", None) or "it cannot be read"
    return _no_yaml(
        f"{name}:{mark.line + 1} is not valid YAML: {problem}",
        remedy="Correct that line, or the one before it.",
    )


def _no_yaml(problem: str, *, remedy: str) -> ContractError:
    return ContractError(f"{problem}.", code="contracts.syntax", remedy=remedy)
