"""Every answer about tables is one that the OpenAPI document promises, and each promised one is given."""

import pytest
from reference import CUSTOMERS, NATION, USER_A, place
from steps import QUERY

from contracts import Promises

UNITY = "/api/unity-catalog"
SALES = {"catalog": "main", "schema": "sales"}
LISTS = {"schemas": {"catalog": "main"}, "table-names": SALES, "tables": SALES}


@pytest.mark.mock("databricks")
def test_every_promise_of_the_lists_is_kept(client, alice, bob, openapi, fakes):
    promises = Promises(openapi)
    kept = []
    for name, where in {"catalogs": {}, **LISTS}.items():
        path = f"{UNITY}/{name}"
        kept.append(promises.keep(alice.get(path, params=where)))
        kept.append(promises.keep(client.anonymous().get(path, params=where)))
        fakes.databricks.fail(500)
        kept.append(promises.keep(alice.get(path, params=where)))
        if where:
            kept.append(promises.keep(alice.get(path)))
            kept.append(promises.keep(bob.get(path, params=where)))
            kept.append(promises.keep(alice.get(path, params={**where, "catalog": "none"})))

    assert kept == [200, 401, 503, *[200, 401, 503, 400, 403, 404] * 3]
    promised = promises.all_of("unity-catalog")
    # The list of catalogs leaves out what one may not see: only the workspace itself could deny it.
    assert promised - promises.seen == {
        ("GET", f"{UNITY}/catalogs", 403),
        *((method, QUERY, status) for method in ("GET", "POST") for status in (200, 400, 401, 403, 404, 503)),
    }
    fakes.databricks.fail(403)
    assert promises.keep(alice.get(f"{UNITY}/catalogs")) == 401


@pytest.mark.mock("databricks")
def test_every_promise_of_queries_is_kept(client, alice, openapi, fakes):
    promises = Promises(openapi)
    kept = []
    for method, name in (("GET", "params"), ("POST", "json")):

        def ask(caller, _method=method, _name=name, **asked):
            return promises.keep(caller.request(_method, QUERY, **{_name: asked}))

        kept.append(ask(alice, **place(CUSTOMERS)))
        kept.append(ask(alice, **place(CUSTOMERS), limit=0))
        kept.append(ask(client.anonymous(), **place(CUSTOMERS)))
        kept.append(ask(alice, **place(NATION)))
        kept.append(ask(alice, **{**place(CUSTOMERS), "table": "none"}))
        fakes.databricks.fail(500)
        kept.append(ask(alice, **place(CUSTOMERS)))

    assert kept == [200, 400, 401, 403, 404, 503] * 2
    assert promises.seen == {each for each in promises.all_of("unity-catalog") if each[1] == QUERY}


@pytest.mark.mock("databricks")
def test_the_promise_of_denied_catalogs(alice, openapi, fakes):
    promises = Promises(openapi)
    fakes.databricks.revoke(USER_A, "USE_CATALOG", on="main")

    assert promises.keep(alice.get(f"{UNITY}/schemas", params={"catalog": "main"})) == 403
