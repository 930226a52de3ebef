"""Pages, to the last row: four scenarios."""

import pytest
from reference import CUSTOMERS, TRIP_COUNT, TRIPS, place, rows_of, trip
from steps import LOGS, PREFERENCES, QUERY, pages

pytestmark = pytest.mark.integration


class TestPaginationComprehensive:
    @pytest.mark.usefixtures("two_hundred_preferences")
    def test_two_hundred_preferences_by_fifty(self, alice, bob):
        expected = [{"preference_key": f"key-{200 - n}", "preference_value": n} for n in range(1, 201)]

        seen, sizes = [], []
        for offset in range(0, 250, 50):
            page = alice.get(PREFERENCES, params={"limit": 50, "offset": offset}).json()
            sizes.append(len(page))
            seen += [{key: each[key] for key in ("preference_key", "preference_value")} for each in page]
            if offset == 50:
                # What changes between two pages moves nothing.
                changed = {"preference_key": "key-180", "preference_value": 20}
                assert alice.post(PREFERENCES, json=changed).status_code == 201

        assert sizes == [50, 50, 50, 50, 0]
        assert seen == expected
        assert bob.get(PREFERENCES).json() == []
        assert alice.get(PREFERENCES, params={"limit": 200}).json()[19]["preference_key"] == "key-180"

    @pytest.mark.slow
    @pytest.mark.usefixtures("five_hundred_logs")
    def test_five_hundred_logs_by_several_limits(self, alice, users, db):
        expected = [n for n in range(1, 521) if n % 26]
        assert len(expected) == 500
        assert db.scalar("SELECT count(DISTINCT created_at) FROM model_inference_logs") == 1

        for limit in (23, 100, 499, 500):
            assert [log["inputs"]["n"] for log in pages(alice, LOGS, limit=limit, key="logs")] == expected

        # Rows that change, and rows that come, while somebody reads.
        seen = []
        for offset in range(0, 600, 100):
            page = alice.get(LOGS, params={"limit": 100, "offset": offset}).json()
            seen += [log["inputs"]["n"] for log in page["logs"]]
            db.execute("UPDATE model_inference_logs SET execution_time_ms = execution_time_ms + 1")
            db.execute(
                "INSERT INTO model_inference_logs (request_id, endpoint_name, user_id, inputs, status,"
                " execution_time_ms, created_at) VALUES (gen_random_uuid(), 'x', %s, %s, 'ERROR', 1,"
                " '2025-12-31 00:00:00+00')",
                users.ids["user-a"],
                f'{{"n": {1000 + offset}}}',
            )
        assert seen[:500] == expected
        assert seen[500:] == [1000 + offset for offset in range(0, 500, 100)]

    @pytest.mark.slow
    def test_a_table_of_a_hundred_thousand_rows(self, alice):
        seen = []
        for offset in range(0, TRIP_COUNT, 1000):
            answered = alice.post(QUERY, json={**place(TRIPS), "limit": 1000, "offset": offset})
            assert answered.status_code == 200, answered.text
            page = answered.json()
            assert (page["row_count"], page["total_row_count"]) == (1000, TRIP_COUNT)
            seen += page["rows"]

        assert seen == [trip(number) for number in range(TRIP_COUNT)]

    @pytest.mark.usefixtures("two_hundred_preferences", "five_hundred_logs")
    def test_edges_of_pages(self, alice):
        table = place(CUSTOMERS)
        first = alice.get(QUERY, params={**table, "offset": 0, "limit": 1}).json()
        far = alice.get(QUERY, params={**table, "offset": 999, "limit": 1000}).json()
        last = alice.get(QUERY, params={**table, "offset": 4, "limit": 1000}).json()
        farthest = alice.get(QUERY, params={**table, "offset": 2**63 - 1, "limit": 1}).json()

        assert (first["rows"], first["total_row_count"]) == (rows_of(CUSTOMERS)[:1], 5)
        assert (last["rows"], last["row_count"]) == (rows_of(CUSTOMERS)[4:], 1)
        for beyond in (far, farthest):
            assert (beyond["rows"], beyond["row_count"], beyond["total_row_count"]) == ([], 0, 5)
        one = alice.get(PREFERENCES, params={"limit": 1, "offset": 199}).json()
        assert [each["preference_value"] for each in one] == [200]
        for offset in (200, 999, 2**63 - 1):
            assert alice.get(PREFERENCES, params={"limit": 200, "offset": offset}).json() == []
            logs = (
                alice.get(LOGS, params={"limit": 1, "offset": offset + 300}).json() if offset < 1000 else None
            )
            assert logs is None or logs["total_count"] == 500
