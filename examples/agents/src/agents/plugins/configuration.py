"""Checking a configuration against the JSON Schema of its plugin."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from agents.errors import Problem, invalid
from agents.plugins.catalogue import Plugin


def check(plugin: Plugin, config: dict[str, Any]) -> None:
    """Accept a configuration that the plugin can work with.

    Raises:
        ApiError: 422 VALIDATION_ERROR with the fields that are wrong, missing or unknown.
    """
    problems = _problems(plugin, config)
    if problems:
        raise invalid(problems)


def is_valid(plugin: Plugin, config: dict[str, Any]) -> bool:
    """Whether the plugin can work with this configuration."""
    return not _problems(plugin, config)


def merged(config: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396) applied: null removes a key, objects are merged, all else replaces."""
    result = dict(config)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, dict) else {}, value)
        else:
            result[key] = value
    return result


def _problems(plugin: Plugin, config: dict[str, Any]) -> list[Problem]:
    found = dict(_unstorable(config))
    if not found:
        for error in Draft202012Validator(plugin.schema).iter_errors(config):
            found.update(_located(plugin, config, error))
    return [Problem(field=field, message=found[field]) for field in sorted(found)]


def _unstorable(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    # Python reads NaN, infinity and half a surrogate pair from a body; no other JSON parser would.
    for name, value in config.items():
        try:
            json.dumps({name: value}, allow_nan=False, ensure_ascii=False).encode()
        except ValueError:
            yield name.encode(errors="replace").decode(), "is no JSON value"


def _located(plugin: Plugin, config: dict[str, Any], error: ValidationError) -> Iterator[tuple[str, str]]:
    # These two are located at the object as a whole; the fields that are meant are keys of it.
    if error.validator == "required":
        yield from ((name, "is required") for name in plugin.schema["required"] if name not in config)
    elif error.validator == "additionalProperties":
        known = plugin.schema["properties"]
        yield from ((name, "is not known") for name in config if name not in known)
    else:
        yield ".".join(str(part) for part in error.absolute_path), error.message
