"""The usage block of each API; its counts follow `tokens` and add up."""

from __future__ import annotations

from typing import Any


def of_chat(prompt: int, completion: int) -> dict[str, Any]:
    """What chat completions and completions report, in tokens."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def of_response(given: int, made: int) -> dict[str, Any]:
    """What responses report, in tokens."""
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + made,
    }


def of_embeddings(given: int) -> dict[str, Any]:
    """What embeddings report, in tokens."""
    return {"prompt_tokens": given, "total_tokens": given}
