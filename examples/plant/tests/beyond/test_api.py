"""The HTTP surface: every operation of every kind, who may do what, and the envelope of errors."""

from uuid import uuid4

import pytest

API = "/api/v1"


def made(answer):
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(answer):
    """Status and code of a refusal, and what it is about, if it says so."""
    error = answer.json()["error"]
    assert error["message"]
    return answer.status_code, error["code"], error.get("field") or error.get("constraint")


@pytest.fixture
def alice(client):
    return client.as_user("a")


@pytest.fixture
def bob(client):
    return client.as_user("b")


@pytest.fixture
def bodies(alice):
    """What creates one of each kind, with what it refers to."""
    skill = made(alice.post(f"{API}/skills", json={"name": "Rigging", "category": "deck"}))
    industry = made(alice.post(f"{API}/industries", json={"name": "Shipping"}))
    team = made(alice.post(f"{API}/teams", json={"name": "Crew"}))
    role = {
        "name": "Bosun",
        "industry_id": industry["id"],
        "required_skills": [skill["id"]],
        "seniority": "lead",
    }
    bosun = made(alice.post(f"{API}/job-roles", json=role))
    return {
        "skills": {"name": "Cooking", "category": "galley", "tags": ["meals"]},
        "industries": {"name": "Fishing"},
        "teams": {"name": "Watch"},
        "job-roles": role | {"name": "Mate"},
        "agents": {
            "name": "Ishmael",
            "skill_id": skill["id"],
            "job_role_id": bosun["id"],
            "industry_id": industry["id"],
            "team_id": team["id"],
        },
    }


@pytest.mark.parametrize("path", ["skills", "industries", "teams", "job-roles", "agents"])
def test_each_kind_is_created_read_listed_found_and_evolved(alice, bob, bodies, db, path):
    body = bodies[path]
    entity = made(alice.post(f"{API}/{path}", json=body))
    assert {name: entity[name] for name in body} == body
    assert (entity["governance_agent_id"], entity["status"], entity["version"]) == ("agent-a", "active", 1)
    for reader in (alice, bob):
        assert reader.get(f"{API}/{path}/{entity['id']}").json() == entity
        assert reader.get(f"{API}/{path}", params={"limit": 1}).json() == [entity]
        found = reader.get(f"{API}/{path}/search", params={"q": body["name"], "limit": 1}).json()
        assert found[0]["entity"] == entity

    change = {"reason": "better", "description": "All hands"}
    evolved = alice.post(f"{API}/{path}/{entity['id']}/evolve", json=change)
    assert evolved.status_code == 200
    assert (evolved.json()["version"], evolved.json()["description"]) == (2, "All hands")
    assert refusal(bob.post(f"{API}/{path}/{entity['id']}/evolve", json=change))[:2] == (403, "NOT_ALLOWED")
    assert db.scalar("SELECT count(*) FROM audit_log") == 6


def test_a_draft_is_nobody_elses(alice, bob):
    draft = made(alice.post(f"{API}/skills", json={"name": "Secret", "category": "x", "status": "draft"}))
    path = f"{API}/skills/{draft['id']}"
    assert refusal(bob.get(path)) == (404, "NOT_FOUND", None)
    assert refusal(bob.post(f"{path}/evolve", json={"reason": "x", "name": "y"})) == (404, "NOT_FOUND", None)
    assert bob.get(f"{API}/skills").json() == []
    assert bob.get(f"{API}/skills/search", params={"q": "Secret"}).json() == []
    assert bob.get(f"{API}/audit").json() == []
    taken = bob.post(f"{API}/skills", json={"name": "Secret", "category": "x"})
    assert refusal(taken) == (409, "CONSTRAINT", "uq_skill_entity_name")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("skills", {"name": "x"}, "category"),
        ("skills", {"name": " ", "category": "x"}, "name"),
        ("skills", {"name": "\x00", "category": "x"}, "name"),
        ("skills", {"name": "x", "category": "x", "status": "archived"}, "status"),
        ("skills", {"name": "x", "category": "x", "id": str(uuid4())}, "id"),
        ("skills", {"name": "x", "category": "x", "governance_agent_id": "agent-b"}, "governance_agent_id"),
        ("job-roles", {"name": "x", "industry_id": str(uuid4())}, "industry_id"),
        ("job-roles", {"name": "x", "industry_id": str(uuid4()), "seniority": "boss"}, "seniority"),
        ("teams", [], "body"),
    ],
)
def test_what_cannot_be_is_422_and_leaves_nothing(alice, db, path, body, field):
    assert refusal(alice.post(f"{API}/{path}", json=body)) == (422, "INVALID", field)
    assert db.scalar("SELECT count(*) FROM audit_log") == 0


def test_a_team_keeps_an_agent(alice, bodies):
    agent = made(alice.post(f"{API}/agents", json=bodies["agents"]))
    path = f"{API}/agents/{agent['id']}/evolve"
    for change in ({"status": "deprecated"}, {"team_id": None}):
        refused = alice.post(path, json={"reason": "leaves", **change})
        assert refusal(refused) == (422, "INVALID", "status")
    made(alice.post(f"{API}/agents", json=bodies["agents"] | {"name": "Queequeg"}))
    assert alice.post(path, json={"reason": "leaves", "team_id": None}).json()["team_id"] is None


def test_the_audit_log_is_read_and_verified(alice, bob, db):
    skill = made(alice.post(f"{API}/skills", json={"name": "Rigging", "category": "deck"}))
    made(bob.post(f"{API}/teams", json={"name": "Crew"}))
    trail = bob.get(f"{API}/audit", params={"entity_id": skill["id"]}).json()
    assert [(entry["sequence"], entry["action"], entry["actor"]) for entry in trail] == [
        (1, "created", "agent-a")
    ]
    verdict = alice.get(f"{API}/audit/verify").json()
    assert (verdict["intact"], verdict["entries"], verdict["breaks"]) == (True, 2, [])
    db.execute("UPDATE audit_log SET actor = 'agent-x' WHERE sequence = 1")
    verdict = alice.get(f"{API}/audit/verify").json()
    assert (verdict["intact"], verdict["breaks"][0]["entity_id"]) == (False, skill["id"])


def test_a_caller_without_a_name_is_nobody(client):
    for path in ("skills", "audit", "audit/verify"):
        assert refusal(client.anonymous().get(f"{API}/{path}")) == (401, "UNAUTHENTICATED", None)
    assert refusal(client.anonymous().get("/nowhere")) == (404, "NOT_FOUND", None)


def test_a_database_that_is_down_is_503(alice, db):
    assert alice.get(f"{API}/health").json()["pools"]["read_write"]["size"] == 20
    with db.faults.down():
        for answer in (alice.get(f"{API}/health"), alice.get(f"{API}/skills")):
            assert refusal(answer) == (503, "DATABASE_UNAVAILABLE", None)
            assert answer.headers["Retry-After"] == "1"
    assert alice.get(f"{API}/skills").json() == []
