"""The plugins there are. Which of them a tenant uses, and with what configuration, is in the database."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents.chat.prompt import Prompt, Turn

Config = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """Changes what the model is asked; `schema` is the JSON Schema (2020-12) of its configuration."""

    name: str
    description: str
    schema: dict[str, Any]
    apply: Callable[[Prompt, Config], Prompt]


def _instruct(prompt: Prompt, config: Config) -> Prompt:
    return replace(prompt, turns=[Turn(role="system", content=config["text"]), *prompt.turns])


def _mask(prompt: Prompt, config: Config) -> Prompt:
    # The longest first: "car" must not leave the end of "carpet" behind.
    longest_first = sorted(config["words"], key=len, reverse=True)
    words = re.compile("|".join(re.escape(word) for word in longest_first), re.IGNORECASE)
    mask = config.get("mask", "***")
    masked = [replace(turn, content=words.sub(lambda _found: mask, turn.content)) for turn in prompt.turns]
    return replace(prompt, turns=masked)


def _sample(prompt: Prompt, config: Config) -> Prompt:
    return replace(prompt, temperature=config.get("temperature"), max_tokens=config.get("max_tokens"))


def _object(properties: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_PLUGINS = (
    Plugin(
        name="instructions",
        description="Says to the model, before everything else, how it is to answer.",
        schema=_object({"text": {"type": "string", "minLength": 1, "maxLength": 4000}}, required=["text"]),
        apply=_instruct,
    ),
    Plugin(
        name="masking",
        description="Hides words from the model; conversations keep them.",
        schema=_object(
            {
                "words": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 100},
                    "minItems": 1,
                    "maxItems": 200,
                    "uniqueItems": True,
                },
                "mask": {"type": "string", "maxLength": 20},
            },
            required=["words"],
        ),
        apply=_mask,
    ),
    Plugin(
        name="sampling",
        description="Sets how freely and how long the model answers.",
        schema=_object(
            {
                "temperature": {"type": "number", "minimum": 0, "maximum": 2},
                "max_tokens": {"type": "integer", "minimum": 1, "maximum": 16_384},
            },
            required=[],
        ),
        apply=_sample,
    ),
)

# In the order in which they are applied: words of the instructions are masked as well.
CATALOGUE: Mapping[str, Plugin] = {plugin.name: plugin for plugin in _PLUGINS}
