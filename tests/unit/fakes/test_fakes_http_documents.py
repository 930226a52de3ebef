"""OpenAPI documents: read whole, from the folder only, or refused with the place."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest

from seatrial.errors import FakeError
from seatrial.fakes import Fakes
from seatrial.fakes.http.openapi.document import Document
from seatrial.fakes.http.openapi.rules import Rules

HEAD = 'openapi: 3.1.0\ninfo: {title: t, version: "1"}\n'


@pytest.fixture
def write(tmp_path):
    def write(text, name="api.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


def refused(path):
    with pytest.raises(FakeError) as error:
        Rules(path)
    assert error.value.code == "fakes.openapi"
    return str(error.value)


def test_references_lead_to_other_files_and_back(write):
    write("Charge: {type: object, properties: {next: {$ref: '#/Charge'}, of: {$ref: '../api.yaml#/x-id'}}}",
          "parts/a.yaml")  # fmt: skip
    path = write(
        HEAD + "paths: {/a: {get: {responses: {200: {$ref: '#/x-ok'}}}}}\nx-id: {type: integer}\n"
        "x-ok: {content: {application/json: {schema: {$ref: 'parts/a.yaml#/Charge'}}}}"
    )
    document = Document(path)
    assert {address.rpartition("/")[2] for address in document.files} == {"api.yaml", "a.yaml"}
    (response,) = (part for _, part in document.root.below("paths", "/a", "get", "responses").children())
    assert response.pointer[-1] == "200"
    assert document.follow(response).pointer == ("x-ok",)


@pytest.mark.parametrize(
    ("servers", "paths"),
    [
        ("", [""]),
        ("servers: [{url: 'https://api.example.com/v1/'}, {url: /v2}]", ["/v1", "/v2"]),
        ("servers: [{url: 'https://{r}.example.com/{b}', variables: {r: {default: eu}, b: {default: v3}}}]",
         ["/v3"]),
    ],
)  # fmt: skip
def test_the_paths_of_servers_go_before_those_of_the_document(write, servers, paths):
    assert Document(write(f"{HEAD}paths: {{}}\n{servers}")).base_paths == paths


def test_words_and_dates_of_yaml_are_what_openapi_means(write):
    rules = Document(write(HEAD + "paths: {}\nx: {on: no, at: 2026-01-01, is: true, 200: off}")).root.below(
        "x"
    )
    assert rules.value == {"on": "no", "at": "2026-01-01", "is": True, "200": "off"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("openapi: 3.2.0\npaths: {}", "expects openapi 3.0 or 3.1, found '3.2.0'"),
        ("swagger: '2.0'\npaths: {}", "expects openapi 3.0 or 3.1, found None"),
        ("[]", "expects openapi 3.0 or 3.1, found None"),
        (HEAD, "expects paths, found none"),
        ("a: [", "is neither YAML nor JSON"),
        (HEAD + "paths: {/a: {$ref: '#/nowhere'}}", "refers to '#/nowhere', which is not there"),
        (HEAD + "paths: {/a: {$ref: 'missing.yaml'}}", "missing.yaml cannot be read: No such file"),
        (HEAD + "paths: {/a: {$ref: '#/x'}}\nx: {$ref: '#/x'}", "refers in a circle"),
        (HEAD + "paths: {/a: {$ref: 'https://example.com/a.yaml'}}", "only the document itself and files"),
        (HEAD + "paths: {/a: {$ref: '/etc/hostname'}}", "only the document itself and files"),
        (HEAD + "paths: {}\ncomponents: {schemas: {A: {type: t}}}", "at components/schemas/A/type: 't'"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_used_is_refused_with_the_reason(write, text, message):
    assert message in refused(write(text))


def test_json_that_is_broken_is_refused_with_its_line(write):
    message = refused(write('{"a": }', "api.json"))
    assert "api.json is neither YAML nor JSON: Expecting value: line 1" in message


def test_a_schema_within_an_operation_is_checked_too(write):
    described = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "int"}}}}}
    text = json.dumps({"openapi": "3.0.0", "paths": {"/a": {"get": {"responses": described}}}})
    assert "application/json/schema/type: 'int'" in refused(write(text, "api.json"))


def test_the_file_has_to_be_there(tmp_path):
    assert "none.yaml cannot be read: No such file" in refused(tmp_path / "none.yaml")


@pytest.mark.parametrize(("name", "module"), [("api.yaml", "yaml"), ("api.json", "openapi_schema_validator")])
def test_a_missing_extra_is_an_error_that_names_it(write, tmp_path, monkeypatch, name, module):
    schemas = {"A": {"type": "integer"}}
    write(json.dumps({"openapi": "3.0.0", "paths": {}, "components": {"schemas": schemas}}), name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FakeError, match=r"seatrial\[fakes\]") as refused:
        Fakes({"payments": {"kind": "http", "openapi": name}}, root=tmp_path)
    assert refused.value.code == "fakes.extra-missing"
