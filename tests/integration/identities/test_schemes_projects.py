"""Whole runs: keys that a seed has stored, and an issuer that is asked while the project is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.project import Project

KEYS = {
    "pyproject.toml": """
    [tool.seatrial]
    app = "vault:app"
    [tool.seatrial.env]
    DB = "{database.name}"
    SEED_KEYS = "alice={identities.api_keys.alice} bob={identities.api_keys.bob}"
    [tool.seatrial.database]
    engine = "sqlite"
    schema = { sql = ["schema.sql"] }
    seeds = ["seeds:keys"]
    [tool.seatrial.identities]
    scheme = "api-key"
    header = "Authorization"
    prefix = "ApiKey "
    [tool.seatrial.identities.users]
    alice = {}
    bob = { api_key = "bobs-first-key" }
    """,
    "schema.sql": "create table keys (hashed text primary key, owner text not null);",
    "seeds.py": """
    import hashlib, os

    def keys(db):
        for pair in os.environ["SEED_KEYS"].split():
            owner, _, key = pair.partition("=")
            db.execute("insert into keys values (?, ?)", hashlib.sha256(key.encode()).hexdigest(), owner)
    """,
    "vault.py": """
    import hashlib, os, sqlite3
    from fastapi import FastAPI, Header, HTTPException

    app = FastAPI()

    def connect():
        return sqlite3.connect(os.environ["DB"], isolation_level=None)

    def caller(authorization):
        hashed = hashlib.sha256(authorization.removeprefix("ApiKey ").encode()).hexdigest()
        row = connect().execute("select owner from keys where hashed = ?", [hashed]).fetchone()
        if row is None:
            raise HTTPException(401)
        return row[0], hashed

    @app.get("/me")
    def me(authorization: str = Header("")):
        return caller(authorization)[0]

    @app.delete("/key", status_code=204)
    def revoke(authorization: str = Header("")):
        connect().execute("delete from keys where hashed = ?", [caller(authorization)[1]])
    """,
    "test_vault.py": """
    import pytest

    @pytest.mark.parametrize("turn", range(2))
    @pytest.mark.parametrize("user", ["alice", "bob"])
    def test_a_key_that_is_revoked_is_back_in_the_next_test(client, identities, user, turn):
        caller = client.as_user(user)
        assert caller.get("/me").json() == user
        assert caller.delete("/key").status_code == 204
        assert client.as_identity(identities[user]).get("/me").status_code == 401

    @pytest.mark.parametrize("kind", ["none", "malformed", "wrong_key"])
    def test_forged(client, identities, kind):
        assert client.as_identity(identities.forged(kind)).get("/me").status_code == 401
    """,
}


def test_keys_that_a_seed_has_stored(project: Project) -> None:
    project.write(KEYS).pytest("-p", "xdist", "-n", "2").expect(passed=7)
    again = project.pytest().expect(passed=7)
    assert "template from the cache" in again.output, "the generated key is the same in every run"
    project.write({"pyproject.toml": KEYS["pyproject.toml"].replace("bobs-first-key", "bobs-second-key")})
    changed = project.pytest().expect(passed=7)
    assert "template from the cache" not in changed.output
    assert "bobs-" not in changed.output


EARLY = {
    "pyproject.toml": """
    [tool.seatrial]
    app = "early:app"
    [tool.seatrial.env]
    ISSUER = "{identities.issuer}"
    JWKS = "{identities.jwks_url}"
    CLIENT = "{identities.client_id}:{identities.client_secret}"
    [tool.seatrial.identities]
    scheme = "oidc"
    [tool.seatrial.identities.users]
    alice = {}
    """,
    "early.py": """
    import json, os, urllib.request
    import jwt
    from fastapi import FastAPI, Header, HTTPException

    with urllib.request.urlopen(os.environ["JWKS"], timeout=60) as answer:
        KEYS = jwt.PyJWKSet.from_dict(json.load(answer))
    app = FastAPI()

    @app.get("/me")
    def me(authorization: str = Header("")):
        token = authorization.removeprefix("Bearer ")
        try:
            key = KEYS[jwt.get_unverified_header(token)["kid"]]
            expected = {"audience": os.environ["CLIENT"].partition(":")[0], "issuer": os.environ["ISSUER"]}
            return jwt.decode(token, key, algorithms=["RS256"], **expected)["sub"]
        except (jwt.InvalidTokenError, KeyError) as error:
            raise HTTPException(401) from error
    """,
    "conftest.py": "import early",
    "test_early.py": """
    import os
    import httpx2
    import pytest

    @pytest.mark.parametrize("turn", range(2))
    def test_rotation_ends_with_its_test(client, identities, turn):
        assert client.as_user("alice").get("/me").json() == "alice"
        identities.rotate_keys()
        identities.retire_keys()
        assert client.as_user("alice").get("/me").status_code == 401, "this application never asks again"

    @pytest.mark.parametrize("kind", ["wrong_key", "unknown_kid", "wrong_issuer", "expired"])
    def test_forged(client, identities, kind):
        assert client.as_identity(identities.forged(kind)).get("/me").status_code == 401

    def test_a_worker_gets_a_token(client):
        secret = tuple(os.environ["CLIENT"].split(":"))
        form = {"grant_type": "client_credentials"}
        answer = httpx2.post(os.environ["ISSUER"] + "/token", data=form, auth=secret).json()
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        assert client.get("/me", headers=bearer).json() == "seatrial"
    """,
}


def test_an_issuer_that_is_asked_while_the_project_is_imported(project: Project) -> None:
    project.write(EARLY).pytest().expect(passed=7)
    program = "import early, os; print(len(early.KEYS.keys), os.environ['ISSUER'][:17])"
    command = (sys.executable, "-m", "seatrial", "run", "--", sys.executable, "-c", program)
    result = project.run(*command)
    assert (result.status, result.output) == (0, "1 http://127.0.0.1:\n"), result.output


@pytest.mark.parametrize(
    ("hidden", "code", "extras"),
    [
        ("cryptography", "identities.no-cryptography", "seatrial[rsa]"),
        ("uvicorn", "identities.no-server", "seatrial[fakes,rsa]"),
        ("starlette", "identities.no-server", "seatrial[fakes,rsa]"),
    ],
)
def test_an_issuer_without_its_extras_names_them(hidden: str, code: str, extras: str) -> None:
    # In a process of its own, where the package can be hidden before anything has loaded it.
    program = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Hiding(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        return None if name == {hidden!r} else PathFinder.find_spec(name, path, target)\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if f is not PathFinder] + [Hiding]\n"
        "import socket\n"
        "from seatrial.config import IdentitySettings\n"
        "from seatrial.trial.issuing import ServedIssuer\n"
        "served = ServedIssuer(IdentitySettings(scheme='oidc', algorithm='RS256'))\n"
        "early = socket.create_connection(('127.0.0.1', served.port))\n"
        "try:\n"
        "    assert early.recv(1) == b''\n"  # told at once, not left waiting
        "except ConnectionResetError:\n"
        "    pass\n"
        "served.start()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 1
    assert f"[{code}]" in result.stderr
    assert extras in result.stderr
