"""Which parameters of a request this fake serves, which change nothing here, and which it lacks.

What it lacks, or has never heard of, is answered by 501 and never ignored: a test would be green where
production fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.openai.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAMPLING = {"temperature", "top_p", "metadata", "user", "service_tier", "safety_identifier", "store"}
_CACHING = {"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"}
_PENALTIES = {"frequency_penalty", "presence_penalty", "logit_bias", "seed"}

CHAT = frozenset(
    {"messages", "model", "n", "stop", "stream", "stream_options", "max_tokens", "max_completion_tokens"}
    | {"response_format", "tools", "tool_choice", "parallel_tool_calls", "reasoning_effort", "verbosity"}
    | _SAMPLING
    | _CACHING
    | _PENALTIES
)
COMPLETIONS = frozenset(
    {"prompt", "model", "n", "stop", "stream", "stream_options", "max_tokens"}
    | {"temperature", "top_p", "user"}
    | _PENALTIES
)
RESPONSES = frozenset(
    {"input", "model", "instructions", "previous_response_id", "stream", "stream_options", "text"}
    | {"max_output_tokens", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "truncation"}
    | _SAMPLING
    | _CACHING
)
EMBEDDINGS = frozenset({"input", "model", "dimensions", "encoding_format", "user"})

_SAYING_NOTHING: dict[str, Any] = {"modalities": ["text"], "best_of": 1}
_RANGES: dict[str, tuple[int, int]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
_WHOLE: dict[str, tuple[int, int | None]] = {
    "n": (1, 128),
    "max_tokens": (1, None),
    "max_completion_tokens": (1, None),
    "max_output_tokens": (16, None),
}
_MOST_STOPS = 4


def lacking(body: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    """Parameters that ask for something this fake lacks or does not know."""
    return [
        name
        for name, value in body.items()
        if name not in known and value and _SAYING_NOTHING.get(name) != value
    ]


def check(body: Any, *, required: tuple[str, ...]) -> dict[str, Any]:
    """The body of a request, its numbers within the service's limits.

    Raises:
        Refused: it is no object, lacks what is required, or has a value the service refuses.
    """
    if not isinstance(body, dict):
        raise Refused("We could not parse the JSON body of your request: an object is expected.")
    for name in required:
        if body.get(name) is None:
            raise Refused(
                f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
            )
    if not isinstance(body["model"], str) or not body["model"]:
        raise Refused("you must provide a model parameter", param="model")
    for name, (least, most) in _RANGES.items():
        _check_number(body, name, least, most, kinds=(int, float))
    for name, (lowest, highest) in _WHOLE.items():
        _check_number(body, name, lowest, highest, kinds=(int,))
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise Refused(message, param="stream_options")
    return body


def _check_number(
    body: Mapping[str, Any], name: str, least: int, most: int | None, *, kinds: tuple[type, ...]
) -> None:
    value = body.get(name)
    if value is None:
        return
    numeric = isinstance(value, kinds) and not isinstance(value, bool)
    if not numeric:
        wanted = "an integer" if kinds == (int,) else "a decimal"
        message = f"Invalid type for '{name}': expected {wanted}, but got {value!r} instead."
        raise Refused(message, param=name, code="invalid_type")
    if value < least or (most is not None and value > most):
        limits = f"a value >= {least}" + ("" if most is None else f" and <= {most}")
        message = f"Invalid '{name}': expected {limits}, but got {value!r} instead."
        raise Refused(message, param=name, code="invalid_value")


def read_stops(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The stop sequences.

    Raises:
        Refused: they are no texts, or more than four.
    """
    stop = body.get("stop")
    stops = [stop] if isinstance(stop, str) else stop or []
    valid = isinstance(stops, list) and all(isinstance(text, str) and text for text in stops)
    if not valid or len(stops) > _MOST_STOPS:
        message = f"Invalid 'stop': expected a string or an array of at most {_MOST_STOPS} strings."
        raise Refused(message, param="stop")
    return tuple(stops)


def wants_usage(body: Mapping[str, Any]) -> bool:
    """Whether a stream is to end with the usage."""
    options = body.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))
