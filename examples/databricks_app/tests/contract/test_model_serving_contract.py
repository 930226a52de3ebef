"""Every answer about models is one that the OpenAPI document promises, and each promised one is given."""

import pytest
from reference import CHAT, CLASSIFIER, PETALS
from steps import ENDPOINTS, INVOKE, LOGS

from contracts import Promises

BODY = {"endpoint_name": CLASSIFIER, "inputs": PETALS}


@pytest.mark.mock("databricks")
def test_every_promise_is_kept(client, alice, openapi, fakes):
    promises = Promises(openapi)
    invocations = f"/serving-endpoints/{CLASSIFIER}/invocations"
    requests = [
        ("GET", ENDPOINTS),
        ("GET", f"{ENDPOINTS}/{CLASSIFIER}"),
        ("GET", f"{ENDPOINTS}/{CHAT}/schema"),
        ("GET", LOGS),
        ("POST", INVOKE),
    ]
    kept = []
    for method, path in requests:
        kept.append(promises.keep(alice.request(method, path, json=BODY)))
        kept.append(promises.keep(client.anonymous().request(method, path, json=BODY)))
        fakes.databricks.fail(500)
        kept.append(promises.keep(alice.request(method, path, json=BODY)))
    assert kept == [200, 401, 503] * 5

    assert promises.keep(alice.get(LOGS, params={"limit": 501})) == 400
    assert promises.keep(alice.post(INVOKE, json={})) == 400
    assert promises.keep(alice.post(INVOKE, json={**BODY, "endpoint_name": "none"})) == 404
    assert [promises.keep(alice.get(f"{ENDPOINTS}/none{rest}")) for rest in ("", "/schema")] == [404, 404]
    fakes.databricks.endpoints[CLASSIFIER].allow()
    assert promises.keep(alice.post(INVOKE, json=BODY)) == 403
    assert [promises.keep(alice.get(f"{ENDPOINTS}/{CLASSIFIER}{rest}")) for rest in ("", "/schema")] == [
        403,
        403,
    ]
    fakes.databricks.assert_called(times=2, path=invocations)

    # What is left is for a workspace that denies the whole list, or does not take a name at all.
    assert promises.all_of("model-serving") - promises.seen == {
        ("GET", ENDPOINTS, 403),
        *(("GET", f"{ENDPOINTS}/{{name}}{rest}", 400) for rest in ("", "/schema")),
    }
