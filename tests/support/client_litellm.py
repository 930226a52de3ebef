"""What LiteLLM makes of the fake at the address it is given; asked by lines of its input.

Run by the interpreter of an environment that has it, see `clients`.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import sys
from typing import Any

import litellm
from client_loop import answer

(URL,) = sys.argv[1:]
AT: Any = {"api_base": f"{URL}/v1", "api_key": "k", "timeout": 20, "max_retries": 0}
ASK: Any = {"model": "openai/m", "messages": [{"role": "user", "content": "how are you"}]}
TOOL: Any = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}},
}


def plain() -> Any:
    made = litellm.completion(**ASK, **AT)
    return [made.choices[0].message.content, made.usage.total_tokens]


def stream() -> Any:
    chunks = list(litellm.completion(**ASK, **AT, stream=True, stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return [text, litellm.stream_chunk_builder(chunks).usage.total_tokens]


def tools() -> Any:
    chunks = list(litellm.completion(**ASK, **AT, tools=[TOOL], stream=True))
    calls = litellm.stream_chunk_builder(chunks).choices[0].message.tool_calls
    return [[call.function.name, json.loads(call.function.arguments)] for call in calls]


def embeddings() -> Any:
    made = litellm.embedding(model="openai/text-embedding-3-small", input=["a text", "a text"], **AT)
    return [len(made.data[0]["embedding"]), made.data[0]["embedding"] == made.data[1]["embedding"]]


def retry() -> Any:
    return litellm.completion(**ASK, **{**AT, "max_retries": 2}).object


def drop() -> Any:
    return list(litellm.completion(**ASK, **AT, stream=True))


def concurrent() -> Any:
    async def ask() -> Any:
        made = await asyncio.gather(*[litellm.acompletion(**ASK, **AT) for _ in range(3)])
        return sorted(str(one.choices[0].message.content) for one in made)

    return asyncio.run(ask())


def other_paths() -> Any:
    databricks = litellm.completion(
        **{**ASK, "model": "databricks/m"}, api_base=f"{URL}/serving-endpoints", api_key="k"
    )
    azure = litellm.completion(
        **{**ASK, "model": "azure/m"}, api_base=URL, api_key="k", api_version="2024-10-21"
    )
    return [databricks.choices[0].message.content, azure.choices[0].message.content]


def version() -> Any:
    return importlib.metadata.version("litellm")


answer(version, plain, stream, tools, embeddings, retry, drop, concurrent, other_paths)
