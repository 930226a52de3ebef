"""The checks of vectors find what is missing on a column that holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from seatrial.checks import Verdict
from tests.integration.checks.conftest import Checked

SOUND = """
create extension vector;
create table skills (id int primary key, embedding vector(3), "Other" halfvec(3));
create index by_cosine on skills using hnsw (embedding vector_cosine_ops);
create index by_product on skills using ivfflat (embedding vector_ip_ops) with (lists = 1);
create index by_distance on skills using hnsw ("Other" halfvec_l2_ops);
insert into skills select i, array[i, 1, 2]::vector, array[i, 1, 2]::vector from generate_series(1, 20) i;
"""
OTHER_DISTANCE = """
create or replace function l2_distance(vector, vector) returns float8 language sql immutable strict
  as 'select l1_distance($1, $2)';
"""
FAULTS = [
    ("dimensions", "create table loose (id int primary key, v vector)", "loose.v", "of any length"),
    ("indexes", "drop index by_distance", "skills.Other", "found none"),
    (
        "indexes",
        "drop index by_product; create index few on skills using hnsw (embedding vector_l2_ops) where id > 5",
        "skills.few",
        'ORDER BY "embedding" <-> $1',
    ),
    (
        "distances",
        OTHER_DISTANCE,
        "vector <-> vector",
        "expected 5.000000 for [1,2] and [4,6], found 7.000000",
    ),
]
Look = Callable[..., Verdict]


@pytest.fixture
def look(checked: Checked) -> Look:
    """The verdict of a check on the sound schema with something changed."""

    def find(name: str, change: str = "", *, schema: str = SOUND) -> Verdict:
        checked.project.write({"pyproject.toml": "[tool.seatrial.database]\n"})
        with checked.cluster.connect("postgres") as admin:
            admin.execute("drop database if exists vectors_template")
            admin.execute("create database vectors_template")
        with checked.cluster.connect("vectors_template") as owner:
            owner.execute((schema + change).encode())
        ground = dataclasses.replace(checked.ground, template="vectors_template")
        return checked.check(f"vectors.{name}", ground=ground)

    return find


@pytest.mark.parametrize("name", ["dimensions", "distances", "indexes"])
def test_sound_vectors_pass(look: Look, name: str) -> None:
    verdict = look(name)
    assert verdict.passed, verdict


@pytest.mark.parametrize(("name", "change", "where", "what"), FAULTS)
def test_a_fault_is_found(look: Look, name: str, change: str, where: str, what: str) -> None:
    (finding,) = look(name, change).findings
    assert finding.where == where
    assert what in finding.what


def test_a_text_is_no_vector(look: Look) -> None:
    verdict = look("dimensions", schema="create table skills (id int primary key, embedding text)")
    assert "no table has a vector column" in str(verdict)
