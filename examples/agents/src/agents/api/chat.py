"""Asking the model: one JSON answer, or server-sent events for `Accept: text/event-stream`.

The stream is `delta` events with a piece of the text each, then one `done` event with the body that the
JSON answer would have had. What fails before the first piece is an ordinary error response; later
failures are an `error` event with the usual envelope.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, StringConstraints

from agents import limits
from agents.api.inputs import Body, MessageText, Opened
from agents.api.sse import EVENT_STREAM, event
from agents.auth.guard import Caller, requires
from agents.chat import turns
from agents.chat.llm import Answer
from agents.chat.prompt import Prompt
from agents.chat.turns import Question
from agents.errors import ApiError
from agents.plugins import registrations
from agents.resources import Resources
from agents.roles import Role

router = APIRouter(prefix="/chat", tags=["chat"], route_class=requires(Role.VIEWER))


# It ends up in exported tables, where a leading "=" would make a spreadsheet compute.
_ModelName = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]


class ChatIn(Body):
    message: MessageText
    conversation_id: UUID | None = None
    model: _ModelName | None = None


class UsageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatOut(BaseModel):
    response: str
    conversation_id: UUID
    model_used: str
    usage: UsageOut
    latency_ms: int


@dataclass(frozen=True, kw_only=True)
class _Exchange:
    """A question being answered."""

    request: Request
    resources: Resources
    question: Question
    prompt: Prompt
    model: str
    started: float

    async def finish(self, answer: Answer) -> ChatOut:
        # Noted before it is stored: the tokens are spent in any case.
        self.request.state.answered = answer
        await turns.store(self.resources.sessions, self.question, answer)
        return ChatOut(
            response=answer.text,
            conversation_id=self.question.conversation_id,
            model_used=answer.model,
            usage=UsageOut.model_validate(answer.usage),
            latency_ms=round((time.perf_counter() - self.started) * 1000),
        )


@router.post("", response_model=ChatOut, responses={200: {"content": {EVENT_STREAM: {}}}})
async def chat(
    request: Request,
    caller: Caller,
    resources: Opened,
    asked: ChatIn,
    accept: Annotated[str, Header()] = "application/json",
) -> Any:
    started = time.perf_counter()
    settings = resources.settings
    question = await turns.prepare(
        resources.sessions,
        caller,
        message=asked.message,
        conversation_id=asked.conversation_id,
        history=settings.chat_history_messages,
    )
    limit = caller.chat_limit_per_minute or settings.chat_requests_per_minute
    limits.take(caller.tenant_id, per_minute=limit)
    model = asked.model or settings.openai_model
    prompt = await registrations.applied(resources.sessions, caller.tenant_id, Prompt(turns=question.turns))
    exchange = _Exchange(
        request=request,
        resources=resources,
        question=question,
        prompt=prompt,
        model=model,
        started=started,
    )
    if EVENT_STREAM in accept:
        return await _streamed(exchange)
    return await exchange.finish(await resources.llm.answer(prompt, model=model))


async def _streamed(exchange: _Exchange) -> StreamingResponse:
    pieces = exchange.resources.llm.stream(exchange.prompt, model=exchange.model)
    # Waiting for the first piece here lets its failure still become a status.
    first = await anext(pieces)
    return StreamingResponse(_events(exchange, first, pieces), media_type=EVENT_STREAM)


async def _events(
    exchange: _Exchange, first: str | Answer, rest: AsyncGenerator[str | Answer, None]
) -> AsyncIterator[str]:
    async with aclosing(rest):
        try:
            yield await _event(exchange, first)
            async for piece in rest:
                yield await _event(exchange, piece)
        except ApiError as error:
            yield event("error", error.body(exchange.request))


async def _event(exchange: _Exchange, piece: str | Answer) -> str:
    if isinstance(piece, str):
        return event("delta", {"text": piece})
    return event("done", jsonable_encoder(await exchange.finish(piece)))
