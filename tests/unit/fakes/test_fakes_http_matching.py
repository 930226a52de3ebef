"""Which requests a route of the generic fake takes."""

from __future__ import annotations

import json

import pytest

from seatrial.errors import FakeError
from seatrial.fakes.http.matching import conditions, holds
from seatrial.fakes.http.paths import PathTemplate
from seatrial.fakes.request import Request


@pytest.mark.parametrize(
    ("found", "asked", "is_held"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": [{"x": 1, "y": 2}]}, {"a": [{"x": 1}]}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {"a": None}, True),
        ({}, {"a": None}, False),
        ([1], {"a": 1}, False),
        ({"a": 1}, [1], False),
        (1.0, 1, True),
    ],
)
def test_objects_may_have_more_than_is_asked_and_arrays_may_not(found, asked, is_held):
    assert holds(found, asked) is is_held


@pytest.mark.parametrize(
    ("query", "asked", "met"),
    [
        ({"page": ["2"], "more": ["1"]}, {"page": 2}, True),
        ({"page": ["2", "3"]}, {"page": 2}, False),
        ({"id": ["1", "2"]}, {"id": [1, 2]}, True),
        ({"on": ["true"]}, {"on": True}, True),
        ({}, {"page": ""}, False),
    ],
)
def test_the_query_holds_each_parameter_with_all_its_values(query, asked, met):
    request = Request(method="GET", path="/", query=query)
    assert conditions(match_query=asked).met(request) is met


def test_a_body_that_is_missing_does_not_hold_null():
    asked = conditions(match_json=None)
    assert not asked.met(Request(method="POST", path="/"))
    assert asked.met(Request(method="POST", path="/", body=json.dumps(None).encode()))


def test_messages_name_the_conditions_without_their_values():
    asked = conditions(match_json={"token": "s3cret"}, match_query={"page": 2})
    assert str(asked) == "match_query(page) and match_json(token)"
    assert "s3cret" not in repr(asked)


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("/v1/charges", "/v1/charges", {}),
        ("/v1/charges", "/v1/charges/", None),
        ("/v1/charges/{id}", "/v1/charges/ch_1", {"id": "ch_1"}),
        ("/v1/charges/{id}", "/v1/charges/a/b", None),
        ("/v1/{kind}/{id}.pdf", "/v1/bills/7.pdf", {"kind": "bills", "id": "7"}),
        ("/v1/a.b", "/v1/axb", None),
    ],
)
def test_a_parameter_of_a_path_is_one_step_of_it(template, path, params):
    assert PathTemplate(template).match(path) == params


@pytest.mark.parametrize("wrong", ["v1", "/a?b=1", "/{", "/{a}/{a}", "/{}", "/{a-b}", "/}{"])
def test_a_path_that_is_none_is_refused(wrong):
    with pytest.raises(FakeError, match="expects a path") as refused:
        PathTemplate(wrong)
    assert refused.value.code == "fakes.route"


@pytest.mark.parametrize("name", ["match_query", "match_form"])
def test_what_is_to_match_is_a_dict(name):
    with pytest.raises(FakeError, match=rf"{name} expects a dict .* found str"):
        conditions(**{name: "page=2"})


def test_forms_are_matched_by_their_fields():
    asked = conditions(match_form={"amount": 500, "card": ["a", "b"]})
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    sent = Request(method="POST", path="/", headers=form, body=b"amount=500&card=a&card=b&more=")
    assert asked.met(sent)
    assert sent.form == {"amount": ["500"], "card": ["a", "b"], "more": [""]}
    assert not asked.met(Request(method="POST", path="/", headers=form, body=b"amount=501&card=a&card=b"))
    assert not asked.met(Request(method="POST", path="/", headers={}, body=sent.body))
