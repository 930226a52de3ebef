"""From what was asked and what was scripted to the model's answer, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from seatrial.fakes.openai import schemas, tokens
from seatrial.fakes.openai.refusals import Forbidden
from seatrial.fakes.openai.script import Reply

if TYPE_CHECKING:
    from seatrial.fakes.openai.asked import Asked
    from seatrial.fakes.openai.script import Script, ScriptedCall

Finish = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """A function the model wants to be called; its arguments are JSON unless a test wanted otherwise."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the model says."""

    text: str | None
    calls: tuple[ToolCall, ...]
    refusal: str | None
    finish: Finish

    @property
    def tokens(self) -> int:
        """What it costs."""
        said = tokens.count(self.text or "") + tokens.count(self.refusal or "")
        return said + sum(tokens.count(call.name) + tokens.count(call.arguments) for call in self.calls)


def answer(script: Script, asked: Asked, *, mark: str) -> Answer:
    """The next answer: the first scripted reply that is for this request, else an echo.

    Args:
        script: where it is taken from.
        asked: what it has to fit.
        mark: sets the ids of its tool calls apart from those of other answers.

    Raises:
        Forbidden: the service could not have given it; the reply is consumed.
    """
    reply = script.take(text=asked.text, model=asked.model)
    if reply is None:
        reply = Reply(
            written="the echo of the last user message, since no reply was scripted,", text=asked.text
        )
    _check_calls(reply, asked)
    _check_format(reply, asked)
    return _limited(_spoken(reply, asked, mark), asked.limit)


def _check_calls(reply: Reply, asked: Asked) -> None:
    choice = asked.tool_choice
    if not reply.calls:
        if choice in ("auto", "none") or reply.refusal is not None:
            return
        wanted = "a tool" if choice == "required" else f"the tool {choice[1:]!r}"
        raise Forbidden(f"{reply.written} calls no tool, and the request demands a call of {wanted}")
    if choice == "none":
        raise Forbidden(f"{reply.written} was scripted, and the request's tool_choice is 'none'")
    if len(reply.calls) > 1 and not asked.parallel:
        raise Forbidden(f"{reply.written} are several, and the request's parallel_tool_calls is false")
    for call in reply.calls:
        _check_call(call, reply, asked)


def _check_call(call: ScriptedCall, reply: Reply, asked: Asked) -> None:
    tool = asked.tools.get(call.name)
    if tool is None:
        offered = ", ".join(sorted(asked.tools)) or "none"
        raise Forbidden(f"{reply.written} was scripted, and the request offers the tools: {offered}")
    if asked.tool_choice.startswith("=") and asked.tool_choice[1:] != call.name:
        raise Forbidden(f"{reply.written} was scripted, and the request demands {asked.tool_choice[1:]!r}")
    if not call.checked:
        return
    schema = tool.parameters if tool.parameters is not None else {"type": "object", "maxProperties": 0}
    problem = schemas.disagreement(call.arguments, schema)
    if problem is not None:
        raise Forbidden(f"{reply.written} is what the parameters of {call.name!r} forbid: {problem}")


def _check_format(reply: Reply, asked: Asked) -> None:
    # Only a model that came to its end has to deliver what was asked for.
    if asked.format is None or reply.text is None or reply.calls or reply.early is not None:
        return
    problem = schemas.disagreement(reply.text, asked.format.schema)
    if problem is not None:
        raise Forbidden(f"{reply.written} is what {asked.format.name} forbids: {problem}")


def _spoken(reply: Reply, asked: Asked, mark: str) -> Answer:
    text = reply.text
    starts = [text.index(stop) for stop in asked.stop if stop in text] if text else []
    if text and starts:
        text = text[: min(starts)]
    finish: Finish = reply.early or ("tool_calls" if reply.calls else "stop")
    calls = tuple(
        ToolCall(id=f"call_{mark}_{place}", name=call.name, arguments=call.arguments)
        for place, call in enumerate(reply.calls)
    )
    return Answer(text=text, calls=calls, refusal=reply.refusal, finish=finish)


def _limited(said: Answer, limit: int | None) -> Answer:
    if limit is None or said.tokens <= limit:
        return said
    left = limit
    parts: list[str | None] = []
    for part in (said.text, said.refusal):
        parts.append(None if part is None else tokens.cut(part, left))
        left -= tokens.count(parts[-1] or "")
    calls: list[ToolCall] = []
    for call in said.calls:
        left -= tokens.count(call.name)
        if left < 0:
            break
        calls.append(replace(call, arguments=tokens.cut(call.arguments, left)))
        left -= tokens.count(calls[-1].arguments)
    return Answer(text=parts[0], calls=tuple(calls), refusal=parts[1], finish="length")
