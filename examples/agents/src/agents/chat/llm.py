"""The language model, behind OpenAI's API."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, assert_never

import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionMessageParam

from agents.chat.prompt import Prompt, Turn
from agents.errors import ApiError
from agents.settings import Settings

_READY_TIMEOUT_SECONDS = 2.0
_DEFAULT_RETRY_AFTER = "5"

_Choice = TypeVar("_Choice", int, float)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens as the model counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the model said, whole."""

    text: str
    model: str
    usage: Usage


class LanguageModel:
    """A pooled client; errors come out as the API's own."""

    def __init__(self, settings: Settings) -> None:
        self._client = openai.AsyncOpenAI(
            base_url=settings.openai_base_url,
            api_key=settings.openai_api_key.get_secret_value(),
            timeout=settings.openai_timeout_seconds,
            max_retries=settings.openai_max_retries,
        )

    async def answer(self, prompt: Prompt, *, model: str) -> Answer:
        """Ask and wait for the whole answer.

        Raises:
            ApiError: 503 LLM_UNAVAILABLE or 504 LLM_TIMEOUT.
        """
        with _as_api_errors():
            completion = await self._client.chat.completions.create(
                model=model,
                messages=[_message(turn) for turn in prompt.turns],
                temperature=_given(prompt.temperature),
                max_completion_tokens=_given(prompt.max_tokens),
            )
            text = completion.choices[0].message.content or ""
            return Answer(text=text, model=completion.model, usage=_usage(completion.usage))

    async def stream(self, prompt: Prompt, *, model: str) -> AsyncGenerator[str | Answer, None]:
        """Ask and yield the answer piece by piece, then whole.

        Raises:
            ApiError: as `answer`, before the first piece or after any.
        """
        pieces: list[str] = []
        usage: CompletionUsage | None = None
        with _as_api_errors():
            chunks = await self._client.chat.completions.create(
                model=model,
                messages=[_message(turn) for turn in prompt.turns],
                temperature=_given(prompt.temperature),
                max_completion_tokens=_given(prompt.max_tokens),
                stream=True,
                stream_options={"include_usage": True},
            )
            async with chunks:
                async for chunk in chunks:
                    model, usage = chunk.model, chunk.usage or usage
                    piece = chunk.choices[0].delta.content if chunk.choices else None
                    if piece:
                        pieces.append(piece)
                        yield piece
            yield Answer(text="".join(pieces), model=model, usage=_usage(usage))

    async def is_ready(self) -> bool:
        """Whether the service answers at all."""
        impatient = self._client.with_options(timeout=_READY_TIMEOUT_SECONDS, max_retries=0)
        try:
            await impatient.models.list()
        except openai.OpenAIError:
            return False
        return True

    async def close(self) -> None:
        await self._client.close()


def _message(turn: Turn) -> ChatCompletionMessageParam:
    match turn.role:
        case "system":
            return {"role": "system", "content": turn.content}
        case "user":
            return {"role": "user", "content": turn.content}
        case "assistant":
            return {"role": "assistant", "content": turn.content}
    assert_never(turn.role)


def _given(choice: _Choice | None) -> _Choice | openai.Omit:
    return openai.omit if choice is None else choice


def _usage(reported: CompletionUsage | None) -> Usage:
    if reported is None:
        return Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
    return Usage(
        prompt_tokens=reported.prompt_tokens,
        completion_tokens=reported.completion_tokens,
        total_tokens=reported.total_tokens,
    )


@contextmanager
def _as_api_errors() -> Iterator[None]:
    try:
        yield
    except openai.APITimeoutError as late:
        raise ApiError(504, "LLM_TIMEOUT", "The language model did not answer in time.") from late
    except openai.OpenAIError as failed:
        sent = (
            failed.response.headers.get("retry-after") if isinstance(failed, openai.APIStatusError) else None
        )
        raise ApiError(
            503,
            "LLM_UNAVAILABLE",
            "The language model is not available.",
            headers={"Retry-After": sent or _DEFAULT_RETRY_AFTER},
        ) from failed
