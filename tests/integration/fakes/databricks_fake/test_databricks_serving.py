"""Model serving: lists, descriptions, invocations, streams, permissions, faults."""

from __future__ import annotations

import json

import openai
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import (
    BadRequest,
    DatabricksError,
    PermissionDenied,
    ResourceDoesNotExist,
    TemporarilyUnavailable,
)
from databricks.sdk.service.serving import (
    ChatMessage,
    ChatMessageRole,
    DataframeSplitInput,
    ExternalFunctionRequestHttpMethod,
    ServingEndpointDetailed,
)

from seatrial.errors import FakeError
from tests.integration.fakes.databricks_fake.conftest import A

CHAT, OWN = "llama-4-maverick", "custom-classifier"
HELLO = [ChatMessage(role=ChatMessageRole.USER, content="hello there")]
RECORD = {"amount": 12.5, "country": "NO"}


def test_the_endpoints(a: WorkspaceClient, fakes) -> None:
    told = {one.name: (one.task, one.state.ready.value) for one in a.serving_endpoints.list()}
    assert told == {CHAT: ("llm/v1/chat", "READY"), OWN: (None, "READY")}
    chat = a.serving_endpoints.get(CHAT)
    assert chat.config.served_entities[0].foundation_model.display_name == CHAT
    raw = requests.get(
        f"{fakes.url('databricks')}/api/2.0/serving-endpoints/{OWN}",
        headers=a.config.authenticate(),
        timeout=20,
    ).json()
    assert ServingEndpointDetailed.from_dict(raw).as_dict() == raw


def test_what_a_model_of_ones_own_takes(a: WorkspaceClient) -> None:
    contents = a.serving_endpoints.get_open_api(OWN).contents
    assert contents is not None
    document = json.loads(contents.read())
    ((path, operations),) = document["paths"].items()
    assert path == f"/served-models/{OWN}-1/invocations"
    body = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
    record = body["oneOf"][1]["properties"]["dataframe_records"]["items"]
    assert record["properties"] == {
        "amount": {"type": "number", "format": "double"},
        "country": {"type": "string"},
    }
    with pytest.raises(BadRequest, match="OpenAPI"):
        a.serving_endpoints.get_open_api(CHAT)


def test_a_chat(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoints[CHAT].reply("hello yourself")
    answer = a.serving_endpoints.query(CHAT, messages=HELLO, max_tokens=50)
    assert answer.choices[0].message.content == "hello yourself"
    assert answer.served_model_name == CHAT
    assert answer.usage.total_tokens == 4
    echo = a.serving_endpoints.query(CHAT, messages=HELLO)
    assert echo.choices[0].message.content == "hello there"


def test_a_chat_in_the_style_of_openai(fakes, a: WorkspaceClient) -> None:
    control = fakes.databricks.endpoints[CHAT]
    control.reply("one two", "three four")
    with openai.OpenAI(
        base_url=f"{fakes.url('databricks')}/serving-endpoints",
        api_key=fakes.databricks.users["a"].token,
        max_retries=0,
    ) as client:
        ask = [{"role": "user", "content": "count"}]
        whole = client.chat.completions.create(model=CHAT, messages=ask)
        assert whole.choices[0].message.content == "one two"
        pieces = [
            chunk.choices[0].delta.content
            for chunk in client.chat.completions.create(model=CHAT, messages=ask, stream=True)
        ]
        assert "".join(piece or "" for piece in pieces) == "three four"
        with pytest.raises(openai.NotFoundError, match="Endpoint with name 'gpt' does not exist"):
            client.chat.completions.create(model="gpt", messages=ask)
        with pytest.raises(openai.BadRequestError, match="does not support the task"):
            client.chat.completions.create(model=OWN, messages=ask)
    with (
        openai.OpenAI(
            base_url=f"{fakes.url('databricks')}/serving-endpoints", api_key="wrong", max_retries=0
        ) as stranger,
        pytest.raises(openai.PermissionDeniedError),
    ):
        stranger.chat.completions.create(model=CHAT, messages=ask)


def test_embeddings(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoint("gte-large-en", task="llm/v1/embeddings")
    one, two = (
        a.serving_endpoints.query("gte-large-en", input=text).data[0].embedding for text in ("x", "y")
    )
    assert len(one) == len(two)
    assert one != two


@pytest.mark.parametrize(
    "inputs",
    [
        {"dataframe_records": [RECORD, {**RECORD, "amount": 3}]},
        {
            "dataframe_split": DataframeSplitInput(
                columns=["amount", "country"], data=[[12.5, "NO"], [3, "SE"]]
            )
        },
    ],
)
def test_predictions(a: WorkspaceClient, inputs) -> None:
    assert a.serving_endpoints.query(OWN, **inputs).predictions == [True, False]


def test_scripted_predictions_come_first(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoints[OWN].predict(["first"], ["second"])
    told = [a.serving_endpoints.query(OWN, dataframe_records=[RECORD]).predictions for _ in range(3)]
    assert told == [["first"], ["second"], [True]]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"dataframe_records": [{"amount": "much", "country": "NO"}]}, "'much' is not of type 'number'"),
        ({"dataframe_records": [{"amount": 1}]}, "'country' is a required property"),
        ({"dataframe_split": DataframeSplitInput(columns=["amount", "colour"], data=[[1, "x"]])}, "colour"),
        ({"messages": HELLO}, "expected one of dataframe_split"),
        ({}, "expected one of dataframe_split"),
    ],
)
def test_inputs_that_a_model_does_not_take(a: WorkspaceClient, inputs, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        a.serving_endpoints.query(OWN, **inputs)


def test_a_refusal_of_the_model_itself(fakes, a: WorkspaceClient) -> None:
    def predict(rows):
        raise ValueError("no such country")

    fakes.databricks.endpoint("picky", predict=predict)
    with pytest.raises(BadRequest, match="no such country"):
        a.serving_endpoints.query("picky", dataframe_records=[RECORD])


def test_a_chat_that_is_none(a: WorkspaceClient) -> None:
    with pytest.raises(BadRequest):
        a.serving_endpoints.query(CHAT, messages=[])


def test_endpoints_that_are_not_there_not_ready_or_not_allowed(
    fakes, a: WorkspaceClient, b: WorkspaceClient
) -> None:
    with pytest.raises(ResourceDoesNotExist, match="Endpoint with name 'none' does not exist"):
        a.serving_endpoints.query("none", messages=HELLO)
    control = fakes.databricks.endpoints[CHAT]
    control.allow(A)
    with pytest.raises(PermissionDenied, match="permission 'Query' on Endpoint"):
        b.serving_endpoints.query(CHAT, messages=HELLO)
    with pytest.raises(PermissionDenied, match="permission 'View'"):
        b.serving_endpoints.get(CHAT)
    assert [one.name for one in b.serving_endpoints.list()] == [OWN]
    assert a.serving_endpoints.query(CHAT, messages=HELLO)
    control.allow("readers")
    assert b.serving_endpoints.query(CHAT, messages=HELLO)
    control.become(ready=False)
    assert a.serving_endpoints.list() is not None
    with pytest.raises(ResourceDoesNotExist, match="retry after checking"):
        b.serving_endpoints.query(CHAT, messages=HELLO)
    assert b.serving_endpoints.get(CHAT).state.ready.value == "NOT_READY"


def test_a_fault_of_one_endpoint(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoints[OWN].fail(503, retry_after=0)
    # The other one is not struck, and the SDK tries again by itself.
    assert a.serving_endpoints.query(CHAT, messages=HELLO)
    assert a.serving_endpoints.query(OWN, dataframe_records=[RECORD]).predictions == [True]
    attempts = [one.status for one in fakes.databricks.attempts() if OWN in one.path]
    assert attempts == [503, 200]


def test_a_gateway_answers_for_one_endpoint(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoints[OWN].answer_html(502)
    assert a.serving_endpoints.query(CHAT, messages=HELLO)
    with pytest.raises(DatabricksError):
        a.serving_endpoints.query(OWN, dataframe_records=[RECORD])
    assert [one.status for one in fakes.databricks.attempts() if OWN in one.path] == [502]
    assert a.serving_endpoints.query(OWN, dataframe_records=[RECORD]).predictions == [True]


def test_a_model_that_hangs_longer_than_a_client_waits(fakes) -> None:
    client = brief(fakes, "a")
    fakes.databricks.endpoints[CHAT].hang(times=None)
    with pytest.raises(TimeoutError):
        client.serving_endpoints.query(CHAT, messages=HELLO)
    assert client.serving_endpoints.query(OWN, dataframe_records=[RECORD]).predictions == [True]


def test_what_was_scripted_and_nobody_asked_for(fakes, a: WorkspaceClient) -> None:
    control, own = fakes.databricks.endpoints[CHAT], fakes.databricks.endpoints[OWN]
    control.reply("never")
    own.predict([1])
    own.fail(500)
    assert fakes.problems(grace=5) == [
        "databricks: nothing met the scripted predict([1]) of custom-classifier",
        "databricks: nothing met the scripted fail(500) of custom-classifier",
        "databricks: nothing met the scripted reply('never') of llama-4-maverick",
    ]
    fakes.reset()


def test_a_model_without_a_prediction_is_told(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoint("bare")
    with pytest.raises(Exception, match="without a prediction"):
        a.serving_endpoints.query("bare", dataframe_records=[RECORD])
    (problem,) = fakes.problems(grace=5)
    assert "give the endpoint predict=" in problem
    fakes.reset()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda it: it.endpoint(CHAT), "of another name"),
        (lambda it: it.endpoint("a/b"), "without slashes"),
        (lambda it: it.endpoint("x", task="llm/v1/dance"), "a task"),
        (
            lambda it: it.endpoint("x", task="llm/v1/chat", inputs={"a": "double"}),
            "only for a model of your own",
        ),
        (lambda it: it.endpoint("x", inputs={"a": "double"}, openapi={}), "inputs or openapi"),
        (lambda it: it.endpoint("x", inputs={"a": "decimal"}), "type of MLflow"),
        (lambda it: it.endpoints[OWN].reply("hi"), "answers no chats"),
        (lambda it: it.endpoints[CHAT].predict([1]), "makes no predictions"),
    ],
)
def test_endpoints_that_cannot_be(fakes, call, says: str) -> None:
    with pytest.raises(FakeError, match=says):
        call(fakes.databricks)


def test_a_name_in_unicode(fakes, a: WorkspaceClient) -> None:
    fakes.databricks.endpoint("klassifikátor 2", predict=lambda rows: rows)
    answer = a.serving_endpoints.query("klassifikátor 2", dataframe_records=[RECORD])
    assert answer.predictions == [RECORD]


class TestConnections:
    def test_the_answer_of_the_service_is_the_answer(self, a: WorkspaceClient) -> None:
        answer = a.serving_endpoints.http_request(
            "crm", ExternalFunctionRequestHttpMethod.GET, "/contacts", params={"q": "Ada"}
        )
        assert answer.json() == {"path": "/contacts", "params": {"q": "Ada"}}

    def test_who_may_not(self, b: WorkspaceClient, a: WorkspaceClient) -> None:
        get = ExternalFunctionRequestHttpMethod.GET
        with pytest.raises(PermissionDenied, match="USE CONNECTION on Connection 'crm'"):
            b.serving_endpoints.http_request("crm", get, "/")
        with pytest.raises(Exception, match="Connection 'erp' does not exist"):
            a.serving_endpoints.http_request("erp", get, "/")


def brief(fakes, label: str) -> WorkspaceClient:
    """A client that does not try for long."""
    return WorkspaceClient(
        config=Config(
            host=fakes.url("databricks"),
            token=fakes.databricks.users[label].token,
            retry_timeout_seconds=1,
            http_timeout_seconds=0.2,
        )
    )


def test_a_workspace_that_is_not_there_for_a_while(fakes, sign_in) -> None:
    fakes.databricks.fail(503, times=2, retry_after=0)
    # What a new client asks first uses up none of the two.
    assert sign_in("a").current_user.me().user_name == A
    me = [one.status for one in fakes.databricks.attempts() if one.path.endswith("/Me")]
    assert me == [503, 503, 200]


def test_a_workspace_that_is_not_there_at_all(fakes) -> None:
    client = brief(fakes, "b")
    fakes.databricks.fail(503, times=None, retry_after=0)
    with pytest.raises((TimeoutError, TemporarilyUnavailable)):
        client.current_user.me()
    statuses = {one.status for one in fakes.databricks.attempts() if one.path.endswith("/Me")}
    assert statuses == {503}


def test_a_workspace_that_hangs(fakes) -> None:
    client = brief(fakes, "b")
    fakes.databricks.hang(times=None)
    with pytest.raises(TimeoutError):
        client.current_user.me()


def test_a_workspace_that_answers_html(fakes) -> None:
    client = brief(fakes, "b")
    fakes.databricks.answer_html(502, title="Bad Gateway")
    with pytest.raises(Exception, match="Bad Gateway"):
        client.current_user.me()
    fakes.databricks.answer_html(200, title="Sign in")
    with pytest.raises(ValueError, match="Expecting value"):
        client.current_user.me()
