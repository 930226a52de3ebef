"""Signatures of webhooks: published examples, and everything that must be refused."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from seatrial.errors import FakeError
from seatrial.fakes.http.webhooks.schemes import SCHEMES, TOLERANCE_S, named_scheme
from seatrial.fakes.http.webhooks.sending import signed

NOW = 1_800_000_000
BODY = b'{"type": "charge.succeeded"}'
SECRETS = {"stripe": "whsec_test", "github": "It's a secret", "standard-webhooks": "whsec_c2VhdHJpYWw="}


def test_the_example_in_githubs_documentation():
    key = SCHEMES["github"].key("It's a Secret to Everybody")
    headers = SCHEMES["github"].sign(b"Hello, World!", key=key, now=NOW, message_id="m")
    expected = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert headers == {"x-hub-signature-256": f"sha256={expected}"}


def test_the_example_of_the_standard_webhooks_libraries():
    scheme = SCHEMES["standard-webhooks"]
    key = scheme.key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message_id, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    assert scheme.sign(body, key=key, now=1614265330, message_id=message_id) == {
        "webhook-id": message_id,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_stripes_signature_is_made_of_time_and_body():
    scheme = SCHEMES["stripe"]
    headers = scheme.sign(BODY, key=scheme.key("whsec_test"), now=NOW, message_id="m")
    digest = hmac.new(b"whsec_test", f"{NOW}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert headers == {"stripe-signature": f"t={NOW},v1={digest}"}


@pytest.mark.parametrize("name", SCHEMES)
def test_what_was_signed_is_accepted_and_what_was_not_is_refused(name):
    scheme = SCHEMES[name]
    key = scheme.key(SECRETS[name])
    headers = scheme.sign(BODY, key=key, now=NOW, message_id="m")
    assert scheme.refusal(BODY, headers, key=key, now=NOW) is None
    assert "signature is wrong" in scheme.refusal(BODY + b" ", headers, key=key, now=NOW)
    assert "signature is wrong" in scheme.refusal(BODY, headers, key=key + b"x", now=NOW)
    for missing in headers:
        left = {header: value for header, value in headers.items() if header != missing}
        assert "is missing" in scheme.refusal(BODY, left, key=key, now=NOW)


@pytest.mark.parametrize("name", [name for name, scheme in SCHEMES.items() if scheme.timed])
def test_a_right_signature_of_another_time_is_refused(name):
    scheme = SCHEMES[name]
    key = scheme.key(SECRETS[name])
    headers = scheme.sign(BODY, key=key, now=NOW, message_id="m")
    assert scheme.refusal(BODY, headers, key=key, now=NOW + TOLERANCE_S) is None
    assert "301 s away" in scheme.refusal(BODY, headers, key=key, now=NOW + TOLERANCE_S + 1)
    assert "301 s away" in scheme.refusal(BODY, headers, key=key, now=NOW - TOLERANCE_S - 1)


def test_one_of_several_signatures_is_enough_while_a_secret_is_exchanged():
    stripe, standard = SCHEMES["stripe"], SCHEMES["standard-webhooks"]
    sent = stripe.sign(BODY, key=b"k", now=NOW, message_id="m")["stripe-signature"]
    both = {"stripe-signature": sent.replace("v1=", "v1=00,v1=")}
    assert stripe.refusal(BODY, both, key=b"k", now=NOW) is None
    headers = standard.sign(BODY, key=b"k", now=NOW, message_id="m")
    headers["webhook-signature"] = f"v1a,xx v1,AA== {headers['webhook-signature']}"
    assert standard.refusal(BODY, headers, key=b"k", now=NOW) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scheme": "stripo", "secret": "s"}, "one of the schemes github, standard-webhooks, stripe"),
        ({"scheme": "stripe", "secret": None}, "both secret and scheme"),
        ({"scheme": None, "secret": "s"}, "both secret and scheme"),
        ({"scheme": "stripe", "secret": ""}, "found str, which is empty"),
        ({"scheme": "standard-webhooks", "secret": "no base64!"}, "expects base64"),
        ({"scheme": "stripe", "secret": "s", "tamper": "all"}, "tamper as one of unsigned"),
        ({"scheme": "github", "secret": "s", "tamper": "old-timestamp"}, "a scheme that signs the time"),
        ({"scheme": None, "secret": None, "tamper": "unsigned"}, "both secret and scheme"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments, message):
    with pytest.raises(FakeError, match=message) as refused:
        signed(BODY, **{"tamper": None, "message_id": "m", **arguments})
    assert refused.value.code == "fakes.webhook"
    assert "base64!" not in str(refused.value)


def test_an_unknown_scheme_names_those_that_are_known():
    with pytest.raises(FakeError, match="'slack'"):
        named_scheme("slack")
