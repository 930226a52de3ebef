"""Requests that are under way together: four scenarios."""

import asyncio

import pytest
from locks import at_once
from reference import CLASSIFIER, PETALS, TRIPS, place, trip
from steps import INVOKE, LOGS, PREFERENCES, QUERY, patient

pytestmark = pytest.mark.integration


class TestConcurrency:
    async def test_ten_save_at_once(self, async_client, users, db):
        names = ["user-a", "user-b"] * 5
        bodies = [
            {"preference_key": f"key-{number}", "preference_value": {"owner": name, "number": number}}
            for number, name in enumerate(names)
        ]

        answers = await at_once(
            db,
            "user_preferences",
            [
                patient(async_client.as_user(name)).post(PREFERENCES, json=body)
                for name, body in zip(names, bodies, strict=True)
            ],
        )

        assert [answer.status_code for answer in answers] == [201] * 10
        assert sorted(
            (row["user_id"], row["preference_key"], row["preference_value"]["number"])
            for row in db.rows("SELECT * FROM user_preferences")
        ) == sorted((users.ids[name], f"key-{number}", number) for number, name in enumerate(names))

    async def test_ten_invocations_at_once(self, async_client, db):
        names = ["user-a", "user-b"] * 5
        bodies = [
            {"endpoint_name": CLASSIFIER, "inputs": {**PETALS, "client_request_id": f"{number}"}}
            for number in range(10)
        ]

        answers = await at_once(
            db,
            "model_inference_logs",
            [
                patient(async_client.as_user(name)).post(INVOKE, json=body)
                for name, body in zip(names, bodies, strict=True)
            ],
        )

        assert [answer.status_code for answer in answers] == [200] * 10
        assert all(answer.json()["logged"] for answer in answers)
        for name in ("user-a", "user-b"):
            logs = (await patient(async_client.as_user(name)).get(LOGS)).json()["logs"]
            assert {(log["request_id"], log["inputs"]["client_request_id"]) for log in logs} == {
                (answer.json()["request_id"], f"{number}")
                for number, (owner, answer) in enumerate(zip(names, answers, strict=True))
                if owner == name
            }

    async def test_reads_and_writes_of_one_key(self, async_client, db):
        caller = patient(async_client.as_user("user-a"))
        theme = {"preference_key": "theme"}
        values = [{"number": number, "padding": "x" * 1000 * number} for number in range(8)]
        assert (
            await caller.post(PREFERENCES, json={**theme, "preference_value": "first"})
        ).status_code == 201

        async def read():
            return [(await caller.get(PREFERENCES)) for _ in range(5)]

        reading = asyncio.create_task(read())
        written = await at_once(
            db,
            "user_preferences",
            [caller.post(PREFERENCES, json={**theme, "preference_value": value}) for value in values],
        )
        read_meanwhile = await reading

        assert [answer.status_code for answer in written] == [201] * 8
        # Each answer has what its own request wrote, and no reader saw half of anything.
        assert [answer.json()["preference_value"] for answer in written] == values
        for answer in read_meanwhile:
            (each,) = answer.json()
            assert each["preference_value"] in ["first", *values]
        (row,) = db.rows("SELECT preference_value, updated_at FROM user_preferences")
        (last,) = (await caller.get(PREFERENCES)).json()
        assert row["preference_value"] == last["preference_value"]
        assert row["preference_value"] in values

    async def test_one_table_read_by_many(self, async_client):
        names = ["user-a", "user-b"] * 5
        together = asyncio.Barrier(len(names))

        async def read(number, name):
            await together.wait()
            asked = {**place(TRIPS), "limit": 100, "offset": number * 100}
            return await patient(async_client.as_user(name)).post(QUERY, json=asked)

        answers = await asyncio.gather(*(read(number, name) for number, name in enumerate(names)))

        assert [answer.status_code for answer in answers] == [200] * 10
        for number, answer in enumerate(answers):
            assert answer.json()["rows"] == [trip(number * 100 + row) for row in range(100)]
