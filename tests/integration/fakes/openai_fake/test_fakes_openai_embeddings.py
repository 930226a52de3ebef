"""Embeddings: deterministic, of length 1, in both encodings, counted."""

from __future__ import annotations

import math

import openai
import pytest

MODEL = "text-embedding-3-small"


def _embed(client, given, **more):
    return client.embeddings.create(**{"model": MODEL, "input": given, **more})


def _first(client, given, **more):
    return _embed(client, given, **more).data[0].embedding


def test_equal_texts_are_equal_and_others_are_not(client):
    answer = _embed(client, ["one text", "another one here", "one text"])
    first, other, again = [item.embedding for item in answer.data]
    assert first == again == _first(client, "one text")
    assert [item.index for item in answer.data] == [0, 1, 2]
    assert abs(sum(a * b for a, b in zip(first, other, strict=True))) < 0.2
    assert first != _first(client, "one text", model="text-embedding-ada-002")
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (7, 7)


@pytest.mark.parametrize(
    ("model", "dimensions"),
    [(MODEL, 1536), ("text-embedding-3-large", 3072), ("text-embedding-ada-002", 1536), ("bge", 1536)],
)
def test_each_model_has_its_dimensions_and_length_one(client, model, dimensions):
    vector = _first(client, "a text", model=model)
    assert len(vector) == dimensions
    assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-6)


def test_fewer_dimensions_are_the_beginning_brought_to_length_one(client):
    whole, part = _first(client, "a text"), _first(client, "a text", dimensions=256)
    assert len(part) == 256
    assert math.isclose(math.hypot(*part), 1, abs_tol=1e-6)
    scale = math.hypot(*whole[:256])
    assert all(math.isclose(a, b / scale, abs_tol=1e-6) for a, b in zip(part, whole, strict=False))
    assert len(_first(client, "a text", model="bge", dimensions=4096)) == 4096


def test_both_encodings_hold_the_same_numbers(fake, client):
    decoded = _first(client, "a text")
    assert fake.calls()[-1].json["encoding_format"] == "base64"
    assert decoded == pytest.approx(_first(client, "a text", encoding_format="float"), abs=0)


def test_tokens_are_taken_as_they_are(client):
    answer = _embed(client, [[1, 2, 3], [4, 5]])
    assert len(answer.data) == 2
    assert answer.usage.prompt_tokens == 5
    assert answer.data[0].embedding == _first(client, [1, 2, 3])


REFUSED = {
    "'input'": {"input": ""},
    "'input': expected a text": {"input": ["a", ""]},
    "Missing required parameter: 'model'": {"model": None},
    "array too long": {"input": ["a"] * 2049},
    "'dimensions' = 0": {"dimensions": 0},
    "from 1 to 1536": {"dimensions": 1537},
    "does not support specifying dimensions": {"dimensions": 2, "model": "text-embedding-ada-002"},
    "Supported values are": {"encoding_format": "hex"},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_service_refuses_is_refused(client, reason):
    with pytest.raises(openai.BadRequestError, match=reason):
        _embed(client, "x", **REFUSED[reason])


def test_a_parameter_nobody_knows_is_501(fake, client):
    with pytest.raises(openai.InternalServerError, match="with input_type"):
        _embed(client, "x", extra_body={"input_type": "query"})
    assert len(fake.unexpected) == 1
