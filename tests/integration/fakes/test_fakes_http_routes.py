"""Routes of the generic fake, asked over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import httpx2
import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes


@pytest.fixture(scope="module")
def running():
    fakes = Fakes({"payments": {"kind": "http"}})
    fakes.start()
    yield fakes
    fakes.stop()


@pytest.fixture
def payments(running):
    running.reset()
    return running.http("payments")


@pytest.fixture
def problems(running):
    """What the fake holds against a test whose answers have all arrived."""
    return lambda **options: [
        problem.removeprefix("payments: ") for problem in running.problems(grace=5, **options)
    ]


@pytest.fixture
def client(running):
    with httpx2.Client(base_url=running.url("payments"), timeout=20) as client:
        yield client


def statuses(client, *paths):
    return [client.get(path).status_code for path in paths]


def test_a_route_answers_with_status_body_and_headers(payments, client, problems):
    payments.on(
        "post", "/v1/charges", status=201, json={"id": "ch_1"}, headers={"Location": "/v1/charges/ch_1"}
    )
    answer = client.post("/v1/charges", json={"amount": 5})
    assert (answer.status_code, answer.json()) == (201, {"id": "ch_1"})
    assert answer.headers["location"] == "/v1/charges/ch_1"
    (call,) = payments.calls(method="POST", path="/v1/charges")
    assert (call.json, call.status, call.answer_json) == ({"amount": 5}, 201, {"id": "ch_1"})
    assert problems() == []


def test_urllib_gets_the_same(payments, running):
    payments.on("GET", "/v1/charges/{id}", text="ü")
    with urllib.request.urlopen(f"{running.url('payments')}/v1/charges/ch_1", timeout=20) as answer:
        assert (answer.status, answer.read().decode()) == (200, "ü")
    payments.on("GET", "/v1/charges/{id}", status=402, json={"error": "card_declined"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{running.url('payments')}/v1/charges/ch_1", timeout=20)
    with refused.value as answer:
        assert (answer.code, json.load(answer)) == (402, {"error": "card_declined"})


def test_a_function_sees_the_request_and_its_parameters(payments, client):
    seen = []

    def charge(request):
        seen.append((request.path_params, request.query, request.json, request.headers["x-a"]))
        return 202, {"id": request.path_params["id"]}

    payments.on("PUT", "/v1/{kind}/{id}", charge)
    answer = client.put("/v1/charges/7?dry=1", json={"a": 1}, headers={"X-A": "b"})
    assert (answer.status_code, answer.json()) == (202, {"id": "7"})
    assert seen == [({"kind": "charges", "id": "7"}, {"dry": ["1"]}, {"a": 1}, "b")]


def test_a_function_may_be_asynchronous_or_wait_without_stopping_others(payments, client):
    release = threading.Event()

    async def quick(_request):
        release.set()
        return {"quick": True}

    payments.on("GET", "/slow", lambda _request: {"released": release.wait(20)})
    payments.on("GET", "/quick", quick)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(client.get("/slow").json()))
    waiting.start()
    assert client.get("/quick").json() == {"quick": True}
    waiting.join(20)
    assert answers == [{"released": True}]


def test_a_function_that_raises_or_returns_nothing_fails_the_test(payments, client, problems):
    payments.on("GET", "/a", lambda request: request.json["missing"])
    payments.on("GET", "/b", lambda _request: None)
    answers = iter([{}])
    payments.on("GET", "/c", lambda _request: next(answers))
    assert statuses(client, "/a", "/b", "/c", "/c") == [500, 500, 200, 500]
    first, second, third = problems()
    assert "its answer to GET /a raised TypeError" in first
    assert "its answer to GET /b raised FakeError" in second
    assert "its answer to GET /c raised RuntimeError('an iterator had no further answer')" in third


def test_a_function_that_never_ends_keeps_the_interpreter_from_nothing():
    code = """
import threading, httpx2
from seatrial.fakes import Fakes
fakes = Fakes({"a": {"kind": "http"}})
fakes.start()
fakes.a.on("GET", "/", lambda request: threading.Event().wait())
try:
    httpx2.get(fakes.url("a"), timeout=0.1)
except httpx2.ReadTimeout:
    print("waited")
fakes.stop()
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout == "waited\n"


def test_answers_follow_one_another_and_the_last_stays(payments, client, problems):
    payments.on("GET", "/jobs/1", status=202).then(status=503, times=2).then(json={"done": True})
    assert statuses(client, *["/jobs/1"] * 5) == [202, 503, 503, 200, 200]
    assert problems() == []


def test_what_was_scripted_a_number_of_times_has_to_be_asked_for_so_often(payments, client, problems):
    payments.on("GET", "/a", times=3)
    payments.on("GET", "/b", status=202).then(status=200)
    payments.on("GET", "/c")
    assert statuses(client, "/a") == [200]
    assert problems() == [
        "nothing met the scripted answer 200 to GET /a (1 of 3 time(s))",
        "nothing met the scripted answer 202 to GET /b (0 of 1 time(s))",
    ]
    assert problems(unmet=False) == []


def test_several_routes_with_times_are_used_in_order_then_the_one_without(payments, client):
    payments.on("GET", "/a", status=200)
    payments.on("GET", "/a", status=201, times=1)
    payments.on("GET", "/a", status=202, times=1)
    assert statuses(client, *["/a"] * 4) == [201, 202, 200, 200]


def test_one_request_too_many_is_501_and_says_why(payments, client):
    payments.on("GET", "/a", times=1)
    assert statuses(client, "/a", "/a") == [200, 501]
    assert payments.unexpected == ("GET /a; all its scripted answers have been given",)


def test_many_requests_at_once_get_each_scripted_answer_once(payments, client, problems):
    for status in range(200, 220):
        payments.on("GET", "/a", status=status, times=1)
    got = []
    threads = [threading.Thread(target=lambda: got.append(client.get("/a").status_code)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got) == list(range(200, 220))
    assert problems() == []


def test_the_more_specific_route_goes_first_and_the_later_of_two_alike(payments, client):
    payments.on("GET", "/a/b", status=201)
    payments.on("GET", "/a/{x}", status=202)
    payments.on("GET", "/a/{x}", status=203, match_query={"page": 2})
    payments.on("GET", "/a/{x}", status=206)
    assert statuses(client, "/a/b", "/a/c", "/a/c?page=2", "/a/c?page=1") == [201, 206, 203, 206]


def test_bodies_choose_the_route(payments, client):
    payments.on("POST", "/a", status=402, match_json={"card": {"number": "4000"}})
    payments.on("POST", "/a", status=201)
    asked = [{"card": {"number": "4000", "cvc": "1"}}, {"card": {"number": "4242"}}, {}]
    assert [client.post("/a", json=body).status_code for body in asked] == [402, 201, 201]


def test_events_are_streamed_one_by_one(payments, client):
    payments.on("GET", "/events", events=["ahoy", {"n": 1}])
    with client.stream("GET", "/events") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert [line for line in answer.iter_lines() if line] == ["data: ahoy", 'data: {"n": 1}']


def test_a_request_nobody_expects_is_told_the_nearest_routes(payments, client, problems):
    assert client.get("/v1/charge").status_code == 501
    payments.on("GET", "/v1/charges")
    payments.on("POST", "/v1/charges", match_json={"secret": "s3cret"})
    answer = client.get("/v1/charge")
    assert "the nearest it serves: GET /v1/charges, POST /v1/charges with match_json(secret)" in answer.text
    first, second = problems()
    assert first == "it was asked what it does not serve: GET /v1/charge; nothing is scripted"
    assert "the nearest it serves: GET /v1/charges" in second
    assert "s3cret" not in answer.text + second


def test_faults_strike_routes_without_using_up_their_answers(payments, client, problems):
    payments.on("GET", "/a", status=202, times=1)
    payments.fail(503)
    assert statuses(client, "/a", "/a") == [503, 202]
    assert problems() == []


def test_errors_may_be_written_as_the_service_writes_them(payments, client):
    payments.on_error(lambda status, message: {"code": status, "reason": message[:8]})
    payments.on("GET", "/a")
    payments.fail(500)
    assert client.get("/a").json() == {"code": 500, "reason": "scripted"}
    assert client.get("/b").json() == {"code": 501, "reason": "the fake"}


@pytest.mark.parametrize("wrong", [lambda _status, _message: {1j}, lambda _status: {}])
def test_errors_that_cannot_be_written_fail_the_test(payments, client, problems, wrong):
    payments.on("GET", "/a")
    payments.on_error(wrong)
    payments.fail(503)
    answer = client.get("/a")
    assert (answer.status_code, answer.json()["error"]["status"]) == (503, 503)
    assert [problem.partition(" raised ")[0] for problem in problems()] == ["the function given to on_error"]


def test_a_reset_forgets_routes_and_everything_else(payments, client, running):
    payments.on("GET", "/a", times=9)
    payments.on_error(lambda _status, _message: {})
    running.reset()
    assert payments.pending == ()
    assert client.get("/a").json()["error"]["status"] == 501


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"times": 0}, "at least once, found times=0"),
        ({"function": "no"}, "a function of the request, found str"),
        ({"function": len, "json": 1}, "either a function or a body, found both"),
        ({"status": 42}, "found 42"),
        ({"match_query": [1]}, "found list"),
    ],
)
def test_a_route_that_cannot_be_is_refused_where_it_is_written(payments, given, message):
    with pytest.raises(FakeError, match=message) as refused:
        payments.on("GET", "/a", **given)
    assert refused.value.code == "fakes.route"
    assert payments.pending == ()
