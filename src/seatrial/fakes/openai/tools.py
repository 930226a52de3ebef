"""The tools of a request, in the two forms that the two APIs have for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai.asked import Tool
from seatrial.fakes.openai.refusals import Refused
from seatrial.fakes.openai.schemas import check_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MODES = ("auto", "none", "required")


def nested(entry: Mapping[str, Any]) -> Any:
    """A function as chat completions write it: below the key `function`."""
    return entry.get("function")


def flat(entry: Mapping[str, Any]) -> Any:
    """A function as responses write it: beside its type."""
    return entry


def read_tools(
    body: Mapping[str, Any], *, function: Callable[[Mapping[str, Any]], Any]
) -> tuple[dict[str, Tool], list[str]]:
    """The functions that a request offers, by name, and the kinds of other tools it wants.

    Raises:
        Refused: a definition is wrong.
    """
    entries = body.get("tools") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("Invalid type for 'tools': expected an array of objects.", param="tools")
    tools: dict[str, Tool] = {}
    lacking: list[str] = []
    for index, entry in enumerate(entries):
        if entry.get("type") != "function":
            lacking.append(f"a tool of the type {entry.get('type')}")
            continue
        tool = _tool(function(entry), param=f"tools[{index}]")
        tools[tool.name] = tool
    return tools, lacking


def _tool(definition: Any, *, param: str) -> Tool:
    if not isinstance(definition, dict):
        raise Refused(f"Missing required parameter: '{param}.function'.", param=f"{param}.function")
    name, parameters = definition.get("name"), definition.get("parameters")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = f"Invalid '{param}.name': expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        raise Refused(message, param=f"{param}.name", code="invalid_value")
    if parameters is not None:
        strict = definition.get("strict") is True
        check_schema(parameters, of=f"function {name!r}", param=f"{param}.parameters", strict=strict)
    return Tool(name=name, parameters=parameters)


def read_choice(
    body: Mapping[str, Any], tools: Mapping[str, Tool], *, function: Callable[[Mapping[str, Any]], Any]
) -> tuple[str, list[str]]:
    """The choice as `Asked` has it, and what of it this fake lacks.

    Raises:
        Refused: it names a tool that is not offered, or has no form the service knows.
    """
    choice = body.get("tool_choice")
    if choice is None:
        return "auto", []
    if not body.get("tools"):
        message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise Refused(message, param="tool_choice")
    if choice in _MODES:
        return str(choice), []
    if not isinstance(choice, dict):
        raise Refused(f"Invalid value for 'tool_choice': {choice!r}.", param="tool_choice")
    if choice.get("type") != "function":
        return "auto", [f"tool_choice of the type {choice.get('type')}"]
    definition = function(choice)
    name = definition.get("name") if isinstance(definition, dict) else None
    if name not in tools:
        message = f"Tool choice '{name}' not found in 'tools' parameter."
        raise Refused(message, param="tool_choice")
    return f"={name}", []
