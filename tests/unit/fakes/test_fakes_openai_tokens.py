"""The rule of counting, and what is built on it: pieces, cuts; and vectors that never change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies

from seatrial.fakes.openai import messages, tokens
from seatrial.fakes.openai.embeddings import vector

TEXTS = strategies.text(alphabet=strategies.sampled_from("ab \t\n\u00a0\u2003é🙂"), max_size=30)


@given(TEXTS)
def test_pieces_join_to_the_text_and_are_its_tokens(text):
    pieces = tokens.pieces(text)
    assert "".join(pieces) == text
    assert sum(map(tokens.count, pieces)) == tokens.count(text)
    assert len(pieces) == max(tokens.count(text), 1)


@given(TEXTS, strategies.integers(0, 20))
def test_a_cut_text_is_its_beginning_with_so_many_tokens(text, limit):
    cut = tokens.cut(text, limit)
    assert text.startswith(cut)
    assert tokens.count(cut) == min(limit, tokens.count(text))
    if tokens.count(text) <= limit:
        assert cut == text


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_no_definitions_cost_nothing(nothing):
    assert tokens.count_definitions(nothing) == 0
    assert tokens.count_definitions([{"name": "f"}]) == len(json.dumps([{"name": "f"}]).split())


def test_the_last_user_text_is_found_among_other_roles():
    told = [
        {"role": "user", "content": "first"},
        {"role": "user", "content": [{"type": "text", "text": "se"}, {"type": "text", "text": "cond"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
    ]
    assert messages.last_user_text(told) == "second"
    assert messages.last_user_text(told[2:]) == ""


def test_vectors_are_the_same_on_every_machine_and_in_every_version():
    begun = list(vector("a text", model="text-embedding-3-small", dimensions=1536))[:3]
    assert begun == pytest.approx(EXPECTED, abs=1e-9)


EXPECTED = [-0.019315354526042938, -0.04362698271870613, -0.0006096380529925227]
