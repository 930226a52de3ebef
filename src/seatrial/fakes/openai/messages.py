"""The messages of a chat completion: whether the service accepts them, what they say, what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai import tokens
from seatrial.fakes.openai.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROLES = ("system", "developer", "user", "assistant", "tool")
_SERVED_PARTS = frozenset({"text", "image_url", "refusal"})


def check_messages(messages: Any) -> list[dict[str, Any]]:
    """The messages, each of a form and in an order that the service accepts.

    Raises:
        Refused: one is not.
    """
    if not isinstance(messages, list):
        raise Refused(
            "Invalid type for 'messages': expected an array of objects.",
            param="messages",
            code="invalid_type",
        )
    if not messages:
        raise Refused("Invalid 'messages': empty array.", param="messages", code="empty_array")
    for index, message in enumerate(messages):
        _check_message(message, param=f"messages[{index}]")
    _check_tool_calls(messages)
    return messages


def _check_message(message: Any, *, param: str) -> None:
    if not isinstance(message, dict):
        text = f"Invalid type for '{param}': expected an object, but got {message!r} instead."
        raise Refused(text, param=param, code="invalid_type")
    role = message.get("role")
    if role not in _ROLES:
        supported = ", ".join(f"'{role}'" for role in _ROLES)
        text = f"Invalid value: {role!r}. Supported values are: {supported}."
        raise Refused(text, param=f"{param}.role", code="invalid_value")
    content = message.get("content")
    may_be_empty = role == "assistant" and (message.get("tool_calls") or message.get("refusal"))
    if content is None and not may_be_empty:
        text = "Invalid value for 'content': expected a string, got null."
        raise Refused(text, param=f"{param}.content")
    if content is not None and not _is_content(content):
        text = f"Invalid type for '{param}.content': expected one of a string or array of objects."
        raise Refused(text, param=f"{param}.content", code="invalid_type")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        name = f"{param}.tool_call_id"
        raise Refused(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def _is_content(content: Any) -> bool:
    if isinstance(content, str):
        return True
    return isinstance(content, list) and all(_is_part(part) for part in content)


def _is_part(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and (kind != "text" or isinstance(part.get("text"), str))


def _check_tool_calls(messages: Sequence[Mapping[str, Any]]) -> None:
    """Every call has its answer directly behind it, and every answer its call."""
    open_calls: set[Any] = set()
    answering = False
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if not answering:
                raise _orphan(index)
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            raise _unanswered(open_calls)
        calls = message.get("tool_calls") or [] if message["role"] == "assistant" else []
        open_calls = {call.get("id") for call in calls if isinstance(call, dict)}
        answering = bool(open_calls)
    if open_calls:
        raise _unanswered(open_calls)


def _orphan(index: int) -> Refused:
    return Refused(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
        "'tool_calls'.",
        param=f"messages.[{index}].role",
    )


def _unanswered(calls: set[Any]) -> Refused:
    return Refused(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
        "'tool_call_id'. The following tool_call_ids did not have response messages: "
        + ", ".join(sorted(map(str, calls))),
        param="messages",
    )


def lacking_parts(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Kinds of content that this fake lacks: audio and files."""
    kinds = {part["type"] for message in messages for part in _parts(message)}
    return [f"content of the type {kind}" for kind in sorted(kinds - _SERVED_PARTS)]


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message, whose content is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in _parts(message) if part["type"] == "text")


def last_user_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text of the last message of role user; empty without one."""
    texts = [text_of(message) for message in messages if message.get("role") == "user"]
    return texts[-1] if texts else ""


def prompt_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """Every text of the messages."""
    return "\n".join(text_of(message) for message in messages)


def count(messages: Sequence[Mapping[str, Any]]) -> int:
    """The tokens of the messages."""
    return sum(_count_message(message) for message in messages)


def _count_message(message: Mapping[str, Any]) -> int:
    images = [part["type"] for part in _parts(message)].count("image_url")
    functions = [call.get("function") or {} for call in message.get("tool_calls") or []]
    called = sum(
        tokens.count(str(function.get(key, ""))) for function in functions for key in ("name", "arguments")
    )
    refused = tokens.count(str(message.get("refusal") or ""))
    return tokens.count(text_of(message)) + images * tokens.IMAGE + called + refused


def _parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    return content if isinstance(content, list) else []
