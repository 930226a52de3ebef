"""Every answer about preferences is promised by the OpenAPI document, and each promised one is given."""

import pytest
from steps import PREFERENCES

from contracts import Promises

THEME = {"preference_key": "theme", "preference_value": {"name": "dark"}}


@pytest.mark.mock("databricks")
def test_every_promise_is_kept(client, alice, openapi, fakes):
    promises = Promises(openapi)
    kept = [
        promises.keep(alice.post(PREFERENCES, json=THEME)),
        promises.keep(alice.get(PREFERENCES)),
        promises.keep(alice.delete(f"{PREFERENCES}/theme")),
        promises.keep(alice.delete(f"{PREFERENCES}/theme")),
        promises.keep(alice.get(PREFERENCES, params={"limit": 0})),
        promises.keep(alice.post(PREFERENCES, json={})),
    ]
    requests = [("GET", PREFERENCES), ("POST", PREFERENCES), ("DELETE", f"{PREFERENCES}/theme")]
    for method, path in requests:
        kept.append(promises.keep(client.anonymous().request(method, path, json=THEME)))
        fakes.databricks.fail(500)
        kept.append(promises.keep(alice.request(method, path, json=THEME)))

    assert kept == [201, 200, 204, 404, 400, 400, *[401, 503] * 3]
    assert promises.seen == promises.all_of("lakebase")


def test_the_frameworks_own_refusal_is_promised_nowhere(openapi):
    statuses = {
        status
        for operations in openapi["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
    }

    assert "422" not in statuses
    assert statuses == {"200", "201", "204", "400", "401", "403", "404", "503"}
    assert "HTTPValidationError" not in openapi["components"]["schemas"]
