from __future__ import annotations

import functools
import json

import httpx2
import starlette.applications

from seatrial.app.places import places, trace_of_caller


def outer():
    return inner()


def inner():
    return trace_of_caller()


def test_the_projects_own_lines_innermost_first():
    [first, second, third, *_] = places(outer())
    assert first.endswith("test_oracle_places.py:17 inner")
    assert second.endswith("test_oracle_places.py:13 outer")
    assert third.endswith("test_the_projects_own_lines_innermost_first")


def test_libraries_are_passed_over():
    traces = []

    class Encoder(json.JSONEncoder):
        def default(self, _):
            traces.append(trace_of_caller())

    json.dumps(object(), cls=Encoder)
    found = [place.rpartition(" ")[2] for place in places(traces[0])]
    assert found[:2] == ["default", "test_libraries_are_passed_over"]


def test_without_a_line_of_the_project_the_nearest_lines_of_libraries():
    library = functools.partial(json.JSONEncoder().encode, {})
    code = json.JSONEncoder.encode.__code__
    assert library() == "{}"
    assert places(((code, 0),)) == [f"{code.co_filename}:{code.co_firstlineno} encode"]


def test_without_a_line_of_the_project_the_nearest_of_each_installed_package():
    client, sending = httpx2.Client.get.__code__, httpx2.Client.send.__code__
    app, plain = starlette.applications.Starlette.add_route.__code__, json.dumps.__code__
    found = places(tuple((code, 0) for code in (plain, sending, client, plain, app)))
    assert [place.rpartition(" ")[2] for place in found] == ["send", "add_route"]
