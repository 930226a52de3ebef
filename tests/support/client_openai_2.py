"""What openai 2.x makes of the fake at the address it is given; asked by lines of its input.

Run by the interpreter of an environment that has it, see `clients`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import openai
from client_loop import answer

(URL,) = sys.argv[1:]
ASK: list[Any] = [{"role": "user", "content": "how are you"}]
client = openai.OpenAI(base_url=f"{URL}/v1", api_key="k", max_retries=0, timeout=20)
TOOL: Any = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}},
}


def plain() -> Any:
    made = client.chat.completions.create(model="m", messages=ASK)
    assert made.usage is not None
    return [made.choices[0].message.content, made.usage.total_tokens]


def stream() -> Any:
    options: Any = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="m", messages=ASK, stream=True, stream_options=options)
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return [text, chunks[-1].usage.total_tokens if chunks[-1].usage else None]


def tools() -> Any:
    with client.chat.completions.stream(model="m", messages=ASK, tools=[TOOL]) as events:
        calls = events.get_final_completion().choices[0].message.tool_calls or []
    return [[call.function.name, json.loads(call.function.arguments)] for call in calls]


def embeddings() -> Any:
    made = client.embeddings.create(model="text-embedding-3-small", input=["a text", "a text"])
    return [len(made.data[0].embedding), made.data[0].embedding == made.data[1].embedding]


def responses() -> Any:
    with client.responses.stream(model="m", input="how are you") as events:
        made = events.until_done().get_final_response()
    again = client.responses.create(model="m", input="and now", previous_response_id=made.id)
    return [made.output_text, again.usage.input_tokens if again.usage else None]


def models() -> Any:
    return "gpt-4o" in [model.id for model in client.models.list()]


def retry() -> Any:
    return client.with_options(max_retries=2).chat.completions.create(model="m", messages=ASK).object


def drop() -> Any:
    return len(list(client.chat.completions.create(model="m", messages=ASK, stream=True)))


def concurrent() -> Any:
    async def ask() -> Any:
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key="k", max_retries=0) as caller:
            asked = [caller.chat.completions.create(model="m", messages=ASK) for _ in range(3)]
            return sorted(str(made.choices[0].message.content) for made in await asyncio.gather(*asked))

    return asyncio.run(ask())


def version() -> Any:
    return openai.__version__


answer(version, plain, stream, tools, embeddings, responses, models, retry, drop, concurrent)
