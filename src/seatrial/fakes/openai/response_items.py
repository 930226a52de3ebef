"""The input of a response: items in the service's full form, in an order it accepts, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai import tokens
from seatrial.fakes.openai.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Item = dict[str, Any]

_ROLES = ("user", "assistant", "system", "developer")
_TEXTS = ("input_text", "output_text")
_PARTS = frozenset({*_TEXTS, "input_image", "refusal"})
_ITEMS = frozenset({"message", "function_call", "function_call_output"})
_PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}
_REQUIRED = {
    "message": ("role", "content"),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
}


def read_items(given: Any, *, mark: str) -> tuple[list[Item], list[str]]:
    """The items of a request's input, and the kinds of items and contents that this fake lacks.

    Args:
        given: a text, or a list of items.
        mark: sets the ids of items without one apart from those of other requests.

    Raises:
        Refused: the service refuses one.
    """
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list):
        message = "Invalid type for 'input': expected one of a string or array of objects."
        raise Refused(message, param="input", code="invalid_type")
    items = [_read_item(item, place=place, mark=mark) for place, item in enumerate(given)]
    kinds = {item["type"] for item in items} - _ITEMS
    parts = {part["type"] for item in items for part in _parts(item)} - _PARTS
    lacking = [f"an item of the type {kind}" for kind in sorted(kinds)]
    return items, [*lacking, *(f"content of the type {kind}" for kind in sorted(parts))]


def _read_item(given: Any, *, place: int, mark: str) -> Item:
    param = f"input[{place}]"
    if not isinstance(given, dict):
        text = f"Invalid type for '{param}': expected an object, but got {given!r} instead."
        raise Refused(text, param=param, code="invalid_type")
    kind = given.get("type") or "message"
    for key in _REQUIRED.get(kind, ()):
        if given.get(key) is None:
            name = f"{param}.{key}"
            text = f"Missing required parameter: '{name}'."
            raise Refused(text, param=name, code="missing_required_parameter")
    item = {"id": f"{_PREFIXES.get(kind, kind)}_in_{mark}_{place}", "status": "completed", **given}
    item["type"] = kind
    return _read_message(item, param) if kind == "message" else item


def _read_message(item: Item, param: str) -> Item:
    role, content = item["role"], item["content"]
    if role not in _ROLES:
        supported = ", ".join(f"'{role}'" for role in _ROLES)
        text = f"Invalid value: {role!r}. Supported values are: {supported}."
        raise Refused(text, param=f"{param}.role", code="invalid_value")
    if isinstance(content, str):
        said = {"type": "output_text", "text": content, "annotations": []}
        told = {"type": "input_text", "text": content}
        return {**item, "content": [said if role == "assistant" else told]}
    if not isinstance(content, list) or not all(_is_part(part) for part in content):
        text = f"Invalid type for '{param}.content': expected one of a string or array of objects."
        raise Refused(text, param=f"{param}.content", code="invalid_type")
    return item


def _is_part(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and (kind not in _TEXTS or isinstance(part.get("text"), str))


def check_calls(context: Sequence[Item]) -> None:
    """Refuse outputs without their call, and calls without their output.

    Raises:
        Refused: there is one.
    """
    called: dict[str, bool] = {}
    for item in context:
        if item["type"] == "function_call":
            called[item["call_id"]] = False
        elif item["type"] == "function_call_output":
            if item["call_id"] not in called:
                text = f"No tool call found for function call output with call_id {item['call_id']}."
                raise Refused(text, param="input")
            called[item["call_id"]] = True
    for call_id, answered in called.items():
        if not answered:
            raise Refused(f"No tool output found for function call {call_id}.", param="input")


def last_user_text(context: Iterable[Item]) -> str:
    """The text of the last message of role user; empty without one."""
    texts = [text_of(item) for item in context if item.get("role") == "user"]
    return texts[-1] if texts else ""


def text_of(item: Mapping[str, Any]) -> str:
    """The text of a message; empty for other items."""
    return "".join(part["text"] for part in _parts(item) if part["type"] in _TEXTS)


def count(context: Iterable[Item]) -> int:
    """The tokens of the items."""
    return sum(_count_item(item) for item in context)


def _count_item(item: Item) -> int:
    images = [part["type"] for part in _parts(item)].count("input_image") * tokens.IMAGE
    refused = sum(tokens.count(str(part["refusal"])) for part in _parts(item) if part["type"] == "refusal")
    called = [item["name"], item["arguments"]] if item["type"] == "function_call" else []
    output = item.get("output")
    if isinstance(output, str):
        called.append(output)
    return tokens.count(text_of(item)) + images + refused + sum(tokens.count(str(text)) for text in called)


def _parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = item.get("output") if item.get("type") == "function_call_output" else item.get("content")
    return content if isinstance(content, list) else []
