"""Webhooks sent and received over real sockets: one fake sends, another receives as the service would."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import threading

import httpx2
import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes

SECRETS = {"stripe": "whsec_s3cret", "github": "s3cret", "standard-webhooks": "whsec_czNjcmV0"}
EVENT = {"type": "charge.succeeded", "data": {"id": "ch_1"}}


@pytest.fixture(scope="module")
def running():
    fakes = Fakes({"payments": {"kind": "http"}, "shop": {"kind": "http"}})
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def fakes(running):
    running.reset()
    return running


def own_sign(body, secret):
    return {"X-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def own_verify(body, headers, secret):
    return headers.get("x-signature") == own_sign(body, secret)["X-Signature"]


@pytest.mark.parametrize("scheme", SECRETS)
def test_a_webhook_of_each_scheme_arrives_with_a_right_signature(fakes, scheme):
    receiver = fakes.shop.receiver("/hooks/{kind}", secret=SECRETS[scheme], scheme=scheme)
    signing = {"secret": SECRETS[scheme], "scheme": scheme}
    answer = fakes.payments.send_webhook(
        fakes.url("shop"), "/hooks/a", json=EVENT, headers={"X-GitHub-Event": "push"}, **signing
    )
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    (webhook,) = receiver.received
    assert (webhook.json, webhook.path, webhook.headers["X-GitHub-Event"]) == (EVENT, "/hooks/a", "push")
    assert fakes.problems(grace=5) == []


@pytest.mark.parametrize("scheme", SECRETS)
@pytest.mark.parametrize("tamper", ["unsigned", "wrong-signature", "changed-body", "old-timestamp"])
def test_a_webhook_that_is_tampered_with_is_refused_and_fails_the_test(fakes, scheme, tamper):
    receiver = fakes.shop.receiver("/hooks", secret=SECRETS[scheme], scheme=scheme)
    signing = {"secret": SECRETS[scheme], "scheme": scheme, "tamper": tamper}
    if (scheme, tamper) == ("github", "old-timestamp"):
        with pytest.raises(FakeError, match="a scheme that signs the time"):
            fakes.payments.send_webhook(fakes.url("shop"), "/hooks", json=EVENT, **signing)
        return
    assert fakes.payments.send_webhook(fakes.url("shop"), "/hooks", json=EVENT, **signing).status_code == 401
    why = {"unsigned": "is missing", "old-timestamp": "s away from now"}.get(tamper, "its signature is wrong")
    (problem,) = fakes.problems(grace=5)
    assert problem.startswith("shop: it refused a webhook of the application at /hooks: ")
    assert why in problem
    assert receiver.received == []
    with pytest.raises(AssertionError, match=rf"found 0; refused: .*{why}"):
        receiver.wait_for(1, timeout=20)


def test_each_webhook_has_an_id_of_its_own_and_a_given_one_is_signed(fakes):
    receiver = fakes.shop.receiver("/hooks", secret=SECRETS["standard-webhooks"], scheme="standard-webhooks")
    for headers in ({}, {}, {"Webhook-Id": "evt_7"}):
        fakes.payments.send_webhook(
            fakes.url("shop"), "/hooks", json=EVENT, headers=headers,
            secret=SECRETS["standard-webhooks"], scheme="standard-webhooks",
        )  # fmt: skip
    assert [webhook.headers["webhook-id"] for webhook in receiver.received] == ["msg_1", "msg_2", "evt_7"]


def test_functions_sign_and_verify_in_a_way_of_their_own(fakes):
    receiver = fakes.shop.receiver("/hooks", secret="s3cret", scheme=own_verify)
    for tamper in (None, "wrong-signature", "changed-body", "unsigned"):
        fakes.payments.send_webhook(
            fakes.url("shop"), "/hooks", content=b"\x00raw", secret="s3cret", scheme=own_sign, tamper=tamper
        )
    assert [webhook.body for webhook in receiver.received] == [b"\x00raw"]
    assert [call.status for call in fakes.shop.calls()] == [200, 401, 401, 401]


def test_without_a_scheme_nothing_is_signed_and_nothing_is_looked_at(fakes):
    receiver = fakes.shop.receiver("/hooks")
    answer = fakes.payments.send_webhook(fakes.url("shop"), "/hooks", json=EVENT)
    assert [name for name in answer.request.headers if "sign" in name] == []
    assert [webhook.json for webhook in receiver.received] == [EVENT]


def test_an_asynchronous_client_gives_what_is_to_be_awaited(fakes):
    receiver = fakes.shop.receiver("/hooks", secret="s3cret", scheme="github")

    async def send():
        async with httpx2.AsyncClient(base_url=fakes.url("shop")) as client:
            return await fakes.payments.send_webhook(
                client, "/hooks", json=1, secret="s3cret", scheme="github"
            )

    assert asyncio.run(send()).status_code == 200
    assert [webhook.json for webhook in receiver.received] == [1]


def test_the_credentials_of_a_user_are_left_out(fakes):
    class Client(httpx2.Client):
        def anonymous(self):
            del self.headers["X-User"]
            return self

    fakes.shop.receiver("/hooks")
    with Client(base_url=fakes.url("shop"), headers={"X-User": "alice"}) as client:
        fakes.payments.send_webhook(client, "/hooks", json=1)
    (call,) = fakes.shop.calls()
    assert "x-user" not in call.headers


def test_waiting_ends_when_the_last_webhook_arrives(fakes):
    receiver = fakes.shop.receiver("/hooks")
    where = (fakes.url("shop"), "/hooks")
    threads = [
        threading.Thread(target=fakes.payments.send_webhook, args=where, kwargs={"json": n}) for n in range(3)
    ]
    for thread in threads:
        thread.start()
    assert sorted(webhook.json for webhook in receiver.wait_for(3, timeout=60)) == [0, 1, 2]
    for thread in threads:
        thread.join(20)


def test_waiting_in_vain_says_how_many_there_are(fakes):
    receiver = fakes.shop.receiver("/hooks")
    with pytest.raises(AssertionError, match=r"^expected 2 webhook\(s\) at /hooks within 0.01 s, found 0$"):
        receiver.wait_for(2, timeout=0.01)


def test_no_secret_is_ever_shown(fakes):
    receiver = fakes.shop.receiver("/hooks", secret="s3cret", scheme="stripe")
    fakes.payments.send_webhook(fakes.url("shop"), "/hooks", json=1, secret="s3cret", scheme="stripe")
    fakes.payments.send_webhook(fakes.url("shop"), "/hooks", json=1, secret="other-s3cret", scheme="stripe")
    shown = [repr(receiver), repr(receiver.received), repr(fakes.shop), *fakes.problems(grace=5)]
    shown += [repr(dict(attempt.headers)) for attempt in fakes.shop.attempts()]
    assert "s3cret" not in " ".join(shown)
    assert [dict(attempt.headers)["stripe-signature"] for attempt in fakes.shop.attempts()] == ["***", "***"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"secret": "s"}, "both secret and scheme"),
        ({"scheme": "stripe"}, "both secret and scheme"),
        ({"secret": "", "scheme": "stripe"}, "which is empty"),
        ({"secret": "s", "scheme": "slack"}, "'slack'"),
        ({"secret": "no base64!", "scheme": "standard-webhooks"}, "expects base64"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused(fakes, given, message):
    with pytest.raises(FakeError, match=message) as refused:
        fakes.shop.receiver("/hooks", **given)
    assert (refused.value.code, "base64!" in str(refused.value)) == ("fakes.webhook", False)


@pytest.mark.parametrize("given", [{}, {"json": 1, "content": b""}])
def test_a_webhook_has_one_body(fakes, given):
    with pytest.raises(FakeError, match="either json= or content="):
        fakes.payments.send_webhook(fakes.url("shop"), "/hooks", **given)
