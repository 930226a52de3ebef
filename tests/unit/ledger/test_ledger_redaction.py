"""Secrets do not reach the ledger: neither those that look like one nor those that were made in the run."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from seatrial.ledger.redaction import TEXT_CAP, Redactor

KNOWN = 'k3/y"secret+value'


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.learn([f"Bearer {KNOWN}", "session=abcdef123; theme=dark"])
    return made


@pytest.mark.parametrize("written", [KNOWN, quote(KNOWN, safe=""), json.dumps(KNOWN)[1:-1]])
def test_a_credential_of_this_run_in_any_form(redactor: Redactor, written: str) -> None:
    assert redactor.text(f"it was {written}, you know") == "it was ***, you know"


def test_the_value_of_a_cookie_but_not_every_short_word(redactor: Redactor) -> None:
    assert redactor.text("id abcdef123 in the dark, Bearer of news") == "id *** in the dark, Bearer of news"


def test_what_looks_like_a_secret(redactor: Redactor) -> None:
    assert redactor.text('{"password": "hunter2"}') == '{"password": ***}'


def test_a_secret_across_the_place_where_a_text_is_cut(redactor: Redactor) -> None:
    for start in range(TEXT_CAP - len(KNOWN) - 2, TEXT_CAP + 2):
        shown, cut = redactor.capped("x" * start + KNOWN + "y" * 20_000)
        assert cut
        assert TEXT_CAP - len(KNOWN) <= len(shown) <= TEXT_CAP
        assert KNOWN[:6] not in shown


def test_the_end_of_what_was_looked_at_is_not_shown(redactor: Redactor) -> None:
    # So much is taken out that what is left ends where the window did: in the middle of a secret.
    many = (KNOWN + " ") * 10_000
    shown, cut = redactor.capped(many)
    assert cut
    assert "secret" not in shown


def test_a_short_text_is_whole(redactor: Redactor) -> None:
    assert redactor.capped("as it is") == ("as it is", False)


def test_path_and_query(redactor: Redactor) -> None:
    assert redactor.target("/reset/abcdef123", "token=x1&q=a%20b") == "/reset/***?token=***&q=a%20b"
    assert redactor.target("/orders", "") == "/orders"


def test_a_credential_that_begins_like_another() -> None:
    redactor = Redactor()
    redactor.learn(["abcdefgh"])
    redactor.learn(["abcdefghijkl"])
    assert redactor.text("abcdefghijkl abcdefgh") == "*** ***"
