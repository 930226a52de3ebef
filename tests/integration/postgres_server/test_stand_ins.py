from __future__ import annotations

import hashlib
import hmac
import os
import uuid

import psycopg
import pytest

from seatrial.errors import ServerError
from seatrial.postgres.server import Binaries, ServerOptions, stand_in_names
from seatrial.postgres.server.extensions import install_stand_ins


@pytest.fixture
def db(start):
    server = start(options=ServerOptions(stand_ins=("uuid-ossp", "pgcrypto", "pg_trgm")))
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        connection.execute('create schema ext; create extension "uuid-ossp" schema ext')
        connection.execute("create extension pgcrypto")
        yield connection


def one(db, query, *values):
    return db.execute(query, values).fetchone()[0]


def test_they_say_what_they_are(db):
    rows = db.execute("select name, comment from pg_available_extensions where comment like '%%seatrial%%'")
    assert {name for name, _ in rows.fetchall()} == set(stand_in_names()) == {"uuid-ossp", "pgcrypto"}


def test_uuids_by_name_are_those_of_python(db):
    for name in ("example.org", "", "é"):
        assert one(db, "select ext.uuid_generate_v5(ext.uuid_ns_dns(), %s)", name) == uuid.uuid5(
            uuid.NAMESPACE_DNS, name
        )
        assert one(db, "select ext.uuid_generate_v3(ext.uuid_ns_url(), %s)", name) == uuid.uuid3(
            uuid.NAMESPACE_URL, name
        )
    assert one(db, "select ext.uuid_ns_oid()") == uuid.NAMESPACE_OID
    assert one(db, "select ext.uuid_ns_x500()") == uuid.NAMESPACE_X500
    assert one(db, "select ext.uuid_nil()") == uuid.UUID(int=0)


@pytest.mark.parametrize(("function", "version"), [("v1", 1), ("v1mc", 1), ("v4", 4)])
def test_generated_uuids_differ_and_know_their_version(db, function, version):
    rows = db.execute(f"select ext.uuid_generate_{function}() from generate_series(1, 500)").fetchall()
    found = {row[0] for row in rows}
    assert len(found) == 500
    assert {value.version for value in found} == {version}
    assert {value.variant for value in found} == {uuid.RFC_4122}


def test_a_time_based_uuid_holds_the_time(db):
    value, seconds = db.execute(
        "select ext.uuid_generate_v1(), extract(epoch from clock_timestamp())"
    ).fetchone()
    assert abs((value.time - 0x01B21DD213814000) / 1e7 - float(seconds)) < 60
    assert value.node >> 40 & 1


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_digests_and_macs_are_those_of_python(db, algorithm):
    for size in (0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000):
        data, key = os.urandom(size), os.urandom(max(size, 1))
        assert (
            one(db, "select digest(%s::bytea, %s)", data, algorithm) == hashlib.new(algorithm, data).digest()
        )
        expected = hmac.new(key, data, algorithm).digest()
        assert one(db, "select hmac(%s::bytea, %s::bytea, %s)", data, key, algorithm) == expected
    assert one(db, "select digest('é'::text, %s)", algorithm) == hashlib.new(algorithm, "é".encode()).digest()
    assert one(db, "select hmac('a'::text, 'k'::text, %s)", algorithm) == hmac.digest(b"k", b"a", algorithm)


def test_random_values(db):
    assert len(one(db, "select gen_random_bytes(1000)")) == 1000
    assert one(db, "select gen_random_bytes(16)") != one(db, "select gen_random_bytes(16)")
    assert one(db, "select public.gen_random_uuid()").version == 4
    with pytest.raises(psycopg.Error, match="not in range"):
        one(db, "select gen_random_bytes(0)")


@pytest.mark.parametrize(
    "call",
    [
        "crypt('a', 'b')",
        "gen_salt('bf')",
        "gen_salt('bf', 4)",
        "pgp_sym_encrypt('a', 'b')",
        "pgp_sym_decrypt('a'::bytea, 'b')",
        "armor('a'::bytea)",
        "dearmor('a')",
        "digest('a', 'whirlpool')",
        "encrypt('a', 'b', 'aes')",
    ],
)
def test_what_is_missing_says_so(db, call):
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="not in the seatrial stand-in") as error:
        one(db, f"select {call}")
    assert "stand_ins" in error.value.diag.message_hint


def test_they_move_and_go_as_extensions_do(db):
    db.execute("create schema other; alter extension pgcrypto set schema other")
    assert one(db, "select other.hmac('a'::text, 'k'::text, 'sha1')") == hmac.digest(b"k", b"a", "sha1")
    db.execute('drop extension pgcrypto; drop extension "uuid-ossp"')
    assert one(db, "select count(*) from pg_proc where proname like 'seatrial%%'") == 0


def test_the_owner_of_a_database_may_create_them(start):
    server = start(options=ServerOptions(stand_ins=("pgcrypto",)))
    with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
        connection.execute("create role owner")
        connection.execute("create database d owner owner")
    with psycopg.connect(server.admin_dsn("d")) as connection:
        connection.execute("set role owner; create extension pgcrypto")


def test_undeclared_ones_do_not_exist(start):
    server = start(options=ServerOptions(stand_ins=("pgcrypto",)))
    with (
        psycopg.connect(server.admin_dsn()) as connection,
        pytest.raises(psycopg.Error, match="not available"),
    ):
        connection.execute('create extension "uuid-ossp"')


def test_real_extensions_win(binaries, tmp_path):
    assert install_stand_ins(["pg_trgm", "vector"], binaries=binaries, folder=tmp_path / "x") is None
    assert not (tmp_path / "x").exists()


def test_unknown_names_and_old_servers_are_refused(start, tmp_path):
    with pytest.raises(ServerError, match=r"server\.no-stand-in"):
        start(options=ServerOptions(stand_ins=("postgis",)))
    old = Binaries(bin=tmp_path, version="17.2", share=tmp_path)
    with pytest.raises(ServerError, match=r"server\.stand-ins-too-new"):
        install_stand_ins(["pgcrypto"], binaries=old, folder=tmp_path / "x")
