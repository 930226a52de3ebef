"""What makes a database the user's own: anything that is neither the system's nor an extension's."""

from __future__ import annotations

import psycopg
import pytest

from seatrial.postgres.choice import Registry, choose_database
from seatrial.postgres.choice.probe import look

SECRET = "s3cret-Hx"

OBJECTS = {
    "table": "create table t (id int)",
    "partitioned table": "create table t (id int) partition by list (id)",
    "unlogged table": "create unlogged table t (id int)",
    "view": "create view v as select 1 as one",
    "materialized view": "create materialized view v as select 1 as one",
    "sequence": "create sequence s",
    "function": "create function f() returns int language sql as 'select 1'",
    "procedure": "create procedure p() language sql as 'select 1'",
    "enum": "create type e as enum ('a')",
    "domain": "create domain d as int",
    "composite type": "create type c as (a int)",
    "range type": "create type r as range (subtype = int4)",
    "large object": "select lo_create(0)",
    "table in another schema": "create schema app;\ncreate table app.t (id int)",
    "table beside an extension": "create extension hstore;\ncreate table t (id int)",
}
NOTHING = {
    "nothing": "",
    "schema": "create schema app",
    "extension with types and functions": "create extension hstore",
    "extension in a schema of its own": "create schema ext;\ncreate extension citext schema ext",
}


def facts_of(server, database):
    with psycopg.connect(
        host=server.socket_dir, port=server.port, user="root", dbname=database
    ) as connection:
        return look(connection)


@pytest.mark.parametrize("statements", OBJECTS.values(), ids=OBJECTS.keys())
def test_one_object_is_enough_to_be_somebodys(server, fresh_database, statements):
    assert not facts_of(server, fresh_database(owner="root", statements=statements)).empty


@pytest.mark.parametrize("statements", NOTHING.values(), ids=NOTHING.keys())
def test_what_extensions_brought_does_not_count(server, fresh_database, statements):
    assert facts_of(server, fresh_database(owner="root", statements=statements)).empty


@pytest.mark.parametrize(
    ("user", "rights"),
    [
        ("root", ["superuser", "create_databases", "create_roles", "owner"]),
        ("maker", ["create_databases"]),
        ("plain", ["owner"]),
    ],
)
def test_the_facts_about_each_role(server, tmp_path, user, rights):
    url = f"postgresql://{user}:{SECRET}@127.0.0.1:{server.port}/empty"
    choice = choose_database(option=url, environ={"HOME": str(tmp_path)}, registry=Registry(None))
    facts = choice.facts
    every = ("superuser", "create_databases", "create_roles", "owner")
    assert [right for right in every if getattr(facts, right)] == rights
    assert facts.version >= 130000
    assert facts.connected_to == "empty"
    assert "plpgsql" in facts.extensions


def test_a_database_that_does_not_exist_is_looked_at_from_beside_it(server, tmp_path):
    url = f"postgresql://maker:{SECRET}@127.0.0.1:{server.port}/not_there_yet"
    choice = choose_database(option=url, environ={"HOME": str(tmp_path)}, registry=Registry(None))
    assert (choice.target.database, choice.facts.connected_to) == ("not_there_yet", "postgres")
