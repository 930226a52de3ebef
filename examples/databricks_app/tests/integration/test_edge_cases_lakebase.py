"""Preferences at their limits: keys, values, pages, times."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from steps import LOGS, PREFERENCES, invalid_field, refusal, save, stored

pytestmark = pytest.mark.integration

LARGEST = 1024 * 1024


def send(caller, text):
    """A body exactly as written."""
    return caller.post(PREFERENCES, content=text, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "key",
    [
        "größe",
        "设置",
        "ключ.1",
        "सेटिंग",
        "a",
        "_",
        "...",
        "-",
        "x" * 100,
        "\U00010400",
        "٣",
    ],
)
def test_keys_of_any_script(alice, key):
    save(alice, key, "kept")

    assert stored(alice) == {key: "kept"}
    assert alice.delete(f"{PREFERENCES}/{key}").status_code == 204
    assert stored(alice) == {}


@pytest.mark.parametrize(
    "key", ["", "x" * 101, "two words", "a/b", "a\\b", "🎨", "a\0b", "a\nb", "½", "key;drop", "\ud800"]
)
def test_keys_that_are_refused(alice, db, key):
    refused = send(alice, json.dumps({"preference_key": key, "preference_value": 1}))

    assert invalid_field(refused, "INVALID_PREFERENCE") == "preference_key"
    assert db.scalar("SELECT count(*) FROM user_preferences") == 0


def test_two_spellings_of_one_key_are_one(alice):
    save(alice, "gro\u0308ße", "first")
    save(alice, "größe", "second")

    assert stored(alice) == {"größe": "second"}
    assert alice.delete(f"{PREFERENCES}/gro\u0308ße").status_code == 204


def test_a_missing_key_is_404(alice, db):
    save(alice, "theme", "dark")

    for missing in ("themes", "Theme", "theme%00", "a/b", "%F0%9F%8E%A8", "x" * 1000):
        assert refusal(alice.delete(f"{PREFERENCES}/{missing}")) == (404, "PREFERENCE_NOT_FOUND")
    assert db.scalar("SELECT count(*) FROM user_preferences") == 1


def test_the_largest_value(alice, db):
    largest = "é" * ((LARGEST - 2) // 2)
    assert len(json.dumps(largest, ensure_ascii=False).encode()) == LARGEST

    save(alice, "largest", largest)
    too_large = [
        alice.post(PREFERENCES, json={"preference_key": "larger", "preference_value": value})
        for value in (largest + "x", "x" * 10 * LARGEST, {"x" * LARGEST: 1})
    ]

    assert [invalid_field(each, "INVALID_PREFERENCE") for each in too_large] == ["preference_value"] * 3
    assert db.scalar("SELECT count(*) FROM user_preferences") == 1
    assert stored(alice) == {"largest": largest}


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ('"a\\u0000b"', "preference_value"),
        ('{"a\\u0000b": 1}', "preference_value"),
        ('["\\ud800"]', "preference_value"),
        ("NaN", "preference_value"),
        ("[1, -Infinity]", "preference_value"),
        ("1e999", "preference_value"),
        ("1" * 3000, "preference_value"),
        ("[" * 65 + "]" * 65, "preference_value"),
        ("[" * 200 + "]" * 200, "body"),
        ('{"a":' * 200 + "1" + "}" * 200, "body"),
        ("[" * 100_000 + "]" * 100_000, "body"),
        ("1" * 5000, "body"),
    ],
)
def test_values_that_cannot_be_kept(alice, db, value, field):
    refused = send(alice, f'{{"preference_key": "theme", "preference_value": {value}}}')

    assert invalid_field(refused, "INVALID_PREFERENCE") == field
    assert db.scalar("SELECT count(*) FROM user_preferences") == 0


def test_the_deepest_value(alice):
    deepest = json.loads("[" * 64 + "]" * 64)

    assert save(alice, "deep", deepest)["preference_value"] == deepest
    assert stored(alice) == {"deep": deepest}


def test_brackets_in_a_text(alice):
    text = '["{' * 200 + "\\"

    save(alice, "text", text)

    assert stored(alice) == {"text": text}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("null", "body"),
        ("\xff", "body"),
        ('{"preference_value": 1}', "preference_key"),
        ('{"preference_key": "theme"}', "preference_value"),
        ('{"preference_key": 1, "preference_value": 1}', "preference_key"),
        ('{"preference_key": "theme", "preference_value": 1, "colour": 2}', "colour"),
    ],
)
def test_bodies_that_are_refused(alice, db, body, field):
    refused = send(alice, body.encode("latin-1"))

    assert invalid_field(refused, "INVALID_PREFERENCE") == field
    assert db.scalar("SELECT count(*) FROM user_preferences") == 0


@pytest.mark.parametrize(("path", "most"), [(PREFERENCES, 200), (LOGS, 500)])
def test_limits_and_offsets(alice, path, most):
    for field, wrong in (
        ("limit", [-1, 0, most + 1, 10**12, "ten", ""]),
        ("offset", [-1, 2**63, "x", "1.5"]),
    ):
        for value in wrong:
            assert invalid_field(alice.get(path, params={field: value}), "INVALID_QUERY") == field, value
    for right in ({"limit": 1}, {"limit": most}, {"offset": 0}, {"offset": 2**63 - 1}):
        assert alice.get(path, params=right).status_code == 200, right


def test_an_offset_past_the_end_is_empty(alice):
    save(alice, "theme", "dark")

    assert alice.get(PREFERENCES, params={"offset": 1}).json() == []


def test_times_are_in_utc(alice, db):
    db.execute("SET TIME ZONE 'Asia/Kolkata'")
    saved = save(alice, "theme", "dark")

    for name in ("created_at", "updated_at"):
        moment = datetime.fromisoformat(saved[name])
        assert saved[name].endswith("Z")
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)
    assert db.scalar("SELECT data_type FROM information_schema.columns WHERE column_name = 'updated_at'") == (
        "timestamp with time zone"
    )


def test_the_last_write_wins(alice):
    for number in range(5):
        save(alice, "theme", number)

    assert stored(alice) == {"theme": 4}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("schema_detection_events", "detected_type", "GUESSED"),
        ("schema_detection_events", "status", "MAYBE"),
        ("model_inference_logs", "status", "PENDING"),
    ],
)
def test_enumerations_are_checked_by_the_database(db, table, column, value):
    constraint = f"ck_{table}_{column}"

    assert db.scalar(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", constraint
    ).startswith(f"CHECK (({column} = ANY")
    assert value not in db.scalar(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", constraint
    )
