"""What goes through all services: four scenarios."""

import asyncio

import pytest
from reference import CHAT, CLASSIFIER, CUSTOMERS, NATION, ORDERS, PETALS, place, rows_of
from steps import INVOKE, LOGS, PREFERENCES, QUERY, chat, invoke, pages, patient, save, stored

pytestmark = pytest.mark.integration

UNITY = "/api/unity-catalog"


class TestCrossServiceWorkflows:
    def test_browse_query_invoke_and_log(self, alice, users, db):
        (catalog,) = [each for each in alice.get(f"{UNITY}/catalogs").json() if each == "main"]
        (schema,) = alice.get(f"{UNITY}/schemas", params={"catalog": catalog}).json()
        tables = alice.get(f"{UNITY}/table-names", params={"catalog": catalog, "schema": schema}).json()
        where = {"catalog": catalog, "schema": schema, "table": tables[0]}
        rows = alice.get(QUERY, params={**where, "limit": 2}).json()["rows"]
        question = f"Who of these pays? {', '.join(row['name'] for row in rows)}"
        answered = invoke(alice, CHAT, chat(question))

        assert question == "Who of these pays? Ada, Grace"
        (log,) = alice.get(LOGS).json()["logs"]
        assert log["inputs"] == chat(question)
        assert log["predictions"] == answered["predictions"]
        assert (log["request_id"], log["user_id"]) == (answered["request_id"], users.ids["user-a"])
        assert db.scalar("SELECT count(*) FROM model_inference_logs") == 1

    def test_preferences_change_a_query(self, alice):
        everything = alice.post(QUERY, json=place(ORDERS)).json()
        save(alice, "orders.filters", [{"column": "status", "operator": "=", "value": "paid"}])
        save(alice, "orders.page_size", 3)

        wanted = stored(alice)
        limited = alice.post(
            QUERY,
            json={**place(ORDERS), "limit": wanted["orders.page_size"], "filters": wanted["orders.filters"]},
        ).json()

        paid = [row for row in rows_of(ORDERS) if row["status"] == "paid"]
        assert everything["total_row_count"] == len(rows_of(ORDERS)) > len(paid)
        assert (limited["rows"], limited["total_row_count"]) == (paid[:3], len(paid))

    async def test_several_users_at_once_stay_apart(self, async_client, users, db):
        names = ["user-a", "user-b"] * 4
        together = asyncio.Barrier(len(names))

        async def work(number, name):
            caller = patient(async_client.as_user(name))
            await together.wait()
            saved = await caller.post(
                PREFERENCES, json={"preference_key": f"mine-{number}", "preference_value": name}
            )
            asked = await caller.post(QUERY, json=place(CUSTOMERS if name == "user-a" else NATION))
            invoked = await caller.post(
                INVOKE, json={"endpoint_name": CLASSIFIER, "inputs": {**PETALS, "client_request_id": name}}
            )
            return saved.status_code, asked.json()["rows"], invoked.json()["request_id"]

        done = await asyncio.gather(*(work(number, name) for number, name in enumerate(names)))

        for name in ("user-a", "user-b"):
            caller = patient(async_client.as_user(name))
            own = [result for result, owner in zip(done, names, strict=True) if owner == name]
            table = CUSTOMERS if name == "user-a" else NATION
            assert [(status, rows) for status, rows, _ in own] == [(201, rows_of(table))] * 4
            preferences = (await caller.get(PREFERENCES)).json()
            assert sorted(
                (each["preference_key"], each["preference_value"]) for each in preferences
            ) == sorted((f"mine-{number}", name) for number, owner in enumerate(names) if owner == name)
            logs = (await caller.get(LOGS)).json()
            assert {log["request_id"] for log in logs["logs"]} == {request_id for *_, request_id in own}
            assert {log["inputs"]["client_request_id"] for log in logs["logs"]} == {name}
        assert db.rows("SELECT user_id, count(*) FROM model_inference_logs GROUP BY 1 ORDER BY 1") == [
            {"user_id": identity, "count": 4} for identity in sorted(users.ids.values())
        ]

    def test_the_history_after_many_invocations_is_complete(self, alice, bob):
        asked = []
        for number in range(30):
            caller = bob if number % 5 == 0 else alice
            done = invoke(
                caller, CLASSIFIER, {"dataframe_records": PETALS["dataframe_records"][: number % 2 + 1]}
            )
            asked.append((caller, done["request_id"], len(done["predictions"]["predictions"])))

        for caller in (alice, bob):
            logs = pages(caller, LOGS, limit=7, key="logs")
            own = [(request, size) for owner, request, size in asked if owner is caller]
            assert [(log["request_id"], len(log["predictions"]["predictions"])) for log in logs] == own
            assert {log["status"] for log in logs} == {"SUCCESS"}
            assert caller.get(LOGS).json()["total_count"] == len(own)
