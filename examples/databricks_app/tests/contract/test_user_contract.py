"""Every answer about the caller is one that the OpenAPI document promises, and each promised one is given."""

import pytest
from steps import ME

from contracts import Promises


@pytest.mark.mock("databricks")
def test_every_promise_is_kept(client, alice, openapi, fakes):
    promises = Promises(openapi)
    kept = []
    for path in (ME, f"{ME}/workspace"):
        kept.append(promises.keep(alice.get(path)))
        kept.append(promises.keep(client.anonymous().get(path)))
        fakes.databricks.fail(500)
        kept.append(promises.keep(alice.get(path)))

    assert kept == [200, 401, 503] * 2
    assert promises.seen == promises.all_of("user")


def test_every_promise_of_the_operations_is_kept(client, openapi):
    promises = Promises(openapi)

    assert [promises.keep(client.anonymous().get(path)) for path in ("/health", "/metrics")] == [200, 200]
    assert promises.seen == promises.all_of("operations")


def test_what_needs_a_token_says_so(openapi):
    secured = {
        path
        for path, operations in openapi["paths"].items()
        for operation in operations.values()
        if operation.get("security")
    }

    assert secured == {path for path in openapi["paths"] if path.startswith("/api/")}
    (scheme,) = openapi["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-Forwarded-Access-Token")
