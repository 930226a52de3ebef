"""The checks of a finished schema find each fault by name, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from seatrial.checks import Finding
from tests.integration.checks.conftest import Checked

SOUND = """
create table ports (id bigint generated always as identity primary key, code text not null unique,
  opened timestamptz, tags text[]);
create table ships (id bigint primary key, port bigint references ports, name text, gone timestamptz);
create index ships_port on ships (port, name) ;
create index ships_gone on ships (gone desc);
create index ships_name on ships (name) where gone is null;
create table berths (port bigint references ports, number int, primary key (port, number));
create table calls (ship bigint not null, port bigint, number int,
  foreign key (port, number) references berths (port, number), primary key (number, port, ship));
create table optional (id int primary key, ship bigint references ships);
create index optional_ship on optional (ship) where ship is not null;
create table logs (at timestamptz primary key) partition by range (at);
create table logs_2026 partition of logs for values from ('2026-01-01') to ('2027-01-01');
create table alembic_version (version_num varchar(32) not null);
"""
FAULTS = {
    "foreign_keys": {
        "create table trips (id int primary key, ship bigint constraint goes references ships)": "trips.goes",
        "create table trips (id int primary key, ship bigint constraint goes references ships);"
        "create index trips_ship on trips (ship) where id > 5": "trips.goes",
        "create table trips (id int primary key, a bigint, b int,"
        " constraint pair foreign key (a, b) references berths);"
        "create index trips_a on trips (a)": "trips.pair",
        'create schema "My Sea"; create table "My Sea"."T 1" (id int primary key,'
        " s bigint constraint x references ships)": '"My Sea"."T 1".x',
    },
    "valid_indexes": {
        "insert into ports (code) values ('a'), ('b'); create table dups (id int primary key, v int);"
        "update pg_index set indisvalid = false where indexrelid = 'dups_pkey'::regclass": "dups.dups_pkey",
    },
    "redundant_indexes": {
        "create index again on ships (gone desc)": "ships.ships_gone",
        "create index ships_port_only on ships (port)": "ships.ships_port_only",
        "create index ports_code on ports (code)": "ports.ports_code",
        "create unique index ports_code_2 on ports (code)": "ports.ports_code_2",
    },
    "constraints": {
        "alter table ships add constraint named check (name <> '') not valid": "ships.named",
        "alter table ships add constraint named check (name <> '') not enforced": "ships.named",
    },
    "primary_keys": {"create table loose (id int)": "loose"},
    "timestamps": {
        "alter table ships add built timestamp(3)": "ships.built",
        "create domain moment as timestamp; alter table ships add built moment": "ships.built",
        "alter table ships add seen timestamp[]": "ships.seen",
    },
    "sequences": {
        "create table few (id serial primary key); select setval('few_id_seq', 2000000000)": "few.id",
        "create table few (id smallint generated always as identity (start 30000) primary key)": "few.id",
        "create sequence s start 3000000000; create table few (id int primary key default nextval('s'));"
        "alter sequence s owned by few.id": "few.id",
    },
}
HARMLESS = {
    "redundant_indexes": [
        "create index ships_gone_up on ships (gone)",
        "create index ships_name_all on ships (name)",
        "create index ships_hash on ships using hash (port)",
        "create unique index ships_port_one on ships (port)",
        "create index ships_port_with on ships (port) include (gone)",
        'create index ships_c on ships (name collate "C") where gone is null',
    ],
    "sequences": ["create sequence cycling owned by ports.id start 9000000000000000000 cycle"],
}

Look = Callable[[str, str], tuple[Finding, ...]]


@pytest.fixture
def look(checked: Checked) -> Look:
    """What a check finds in the sound schema with something added."""

    def find(name: str, added: str) -> tuple[Finding, ...]:
        checked.project.write(
            {"pyproject.toml": '[tool.seatrial.database]\nschema = { sql = ["schema.sql"] }\n'}
        )
        with checked.cluster.connect("postgres") as admin:
            admin.execute("drop database if exists schema_template")
            admin.execute("create database schema_template")
        with checked.cluster.connect("schema_template") as owner:
            owner.execute((SOUND + added).encode())
        ground = dataclasses.replace(checked.ground, template="schema_template")
        return checked.check(f"schema.{name}", ground=ground).findings

    return find


@pytest.mark.parametrize("name", FAULTS)
def test_a_sound_schema_passes(look: Look, name: str) -> None:
    assert look(name, "") == ()


@pytest.mark.parametrize(
    ("name", "fault", "where"),
    [(name, fault, where) for name, faults in FAULTS.items() for fault, where in faults.items()],
)
def test_a_fault_is_found(look: Look, name: str, fault: str, where: str) -> None:
    assert [finding.where for finding in look(name, fault)] == [where]


@pytest.mark.parametrize(
    ("name", "added"), [(name, text) for name, texts in HARMLESS.items() for text in texts]
)
def test_what_is_no_fault_is_not_found(look: Look, name: str, added: str) -> None:
    assert look(name, added) == ()


def test_a_database_without_a_table(checked: Checked) -> None:
    checked.project.write({"pyproject.toml": "[tool.seatrial.database]\n"})
    ground = dataclasses.replace(checked.ground, template="template1")
    assert "the database has no table" in str(checked.check("schema.primary_keys", ground=ground))
