# ruff: noqa: E501 - tables read best with one case per line
"""A catalogue as a value: a file, a digest, and what can be left out of it."""

from __future__ import annotations

import json

import pytest

from seatrial.errors import CatalogError
from seatrial.postgres.catalog import Catalog, Entry, differences
from seatrial.postgres.catalog.expressions import plain_casts
from seatrial.postgres.catalog.parts import PARTS
from seatrial.postgres.catalog.snapshot import _check_version

OBJECTS = {
    Entry("schema", ("audit",)): {"kind": "schema", "grants": {"app": "USAGE"}},
    Entry("extension", ("vector",)): {"kind": "extension", "version": "0.8"},
    Entry("relation", ("public", "orders")): {
        "kind": "table",
        "comment": "größe",
        "option": {"fillfactor": "7"},
    },
    Entry("column", ("public", "orders", "id")): {"type": "integer"},
    Entry("relation", ("public", "alembic_version")): {"kind": "table"},
    Entry("column", ("public", "alembic_version", "version_num")): {"type": "text"},
    Entry("relation", ("audit", "entries")): {"kind": "table", "row security": "enabled"},
    Entry("policy", ("audit", "entries", "own")): {"kind": "policy"},
    Entry("relation", ("audit", "orders")): {"kind": "view", "definition": "SELECT 1"},
    Entry("column", ("audit", "orders", "id")): {"comment": "its key"},
    Entry("trigger", ("audit", "orders", "instead")): {"kind": "trigger"},
    Entry("sequence", ("audit", "orders_id_seq")): {
        "kind": "sequence",
        "owned by": [["public", "orders", "id"]],
    },
    Entry("default privileges", ("audit", "the owner", "tables")): {"kind": "default privileges"},
    Entry("event trigger", ("watch",)): {"kind": "event trigger"},
    Entry("function", ("audit", "twice", "integer, text")): {"kind": "function"},
    Entry("collation", ("audit", "audit.plain")): {"kind": "collation"},
    Entry("cast", ("", "(text AS mood)")): {"kind": "cast"},
}
CATALOG = Catalog(OBJECTS)


def kinds(catalog):
    return sorted(f"{entry.kind} {'.'.join(entry.path)}" for entry in catalog.entries)


def test_json_and_back():
    text = CATALOG.to_json()
    assert Catalog.from_json(text) == CATALOG
    assert Catalog.from_json(text).to_json() == text
    assert len(json.loads(text)["objects"]) == len(OBJECTS)
    assert "größe" in text


def test_equal_catalogues_have_one_text_and_digest():
    turned = Catalog({entry: dict(reversed(facts.items())) for entry, facts in reversed(OBJECTS.items())})
    assert turned == CATALOG
    assert turned.to_json() == CATALOG.to_json()
    assert turned.digest == CATALOG.digest
    # Kept in files and caches: a digest of today is one of tomorrow.
    assert Catalog({}).digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Catalog({Entry("relation", ("public", "a")): {"kind": "table"}}).digest != Catalog({}).digest


def test_every_fact_counts_in_the_digest():
    digests = {CATALOG.digest}
    for entry, facts in OBJECTS.items():
        digests.add(Catalog({e: f for e, f in OBJECTS.items() if e != entry}).digest)
        digests.add(Catalog({**OBJECTS, entry: {**facts, "comment": "another"}}).digest)
    assert len(digests) == 1 + 2 * len(OBJECTS)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"seatrial_catalog": 1}', '{"seatrial_catalog": 1, "objects": [1]}'])  # fmt: skip
def test_another_text_is_refused(text):
    with pytest.raises(CatalogError, match=r"\[catalog\.file\]"):
        Catalog.from_json(text)


def test_another_form_is_refused():
    with pytest.raises(CatalogError, match="has form 2"):
        Catalog.from_json('{"seatrial_catalog": 2, "objects": []}')


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("alembic_version", ["column public.alembic_version.version_num", "relation public.alembic_version"]),
        (
            "public.alembic_*",
            ["column public.alembic_version.version_num", "relation public.alembic_version"],
        ),
        ("orders.id", ["column public.orders.id", "sequence audit.orders_id_seq"]),
        ("orders", ["column public.orders.id", "relation public.orders", "sequence audit.orders_id_seq"]),
        ("audit.orders", ["column audit.orders.id", "relation audit.orders", "trigger audit.orders.instead"]),
        ("audit.twice", ["function audit.twice.integer, text"]),
        ("vector", ["extension vector"]),
        ("watch", ["event trigger watch"]),
        ("(text AS *", ["cast .(text AS mood)"]),
        ("audit", []),
        ("entries", []),
        ("Orders", []),
        ("public", []),
        ("audit.*", [name for name in kinds(CATALOG) if " audit" in name]),
    ],
)
def test_what_a_pattern_ignores(pattern, gone):
    assert sorted({*kinds(CATALOG)} - {*kinds(CATALOG.ignoring(pattern))}) == gone
    assert differences(CATALOG.ignoring(pattern), CATALOG.ignoring(pattern)) == []


def test_to_ignore_nothing_changes_nothing():
    assert CATALOG.ignoring() == CATALOG
    assert CATALOG.without() == CATALOG


def test_parts_are_left_out():
    assert kinds(CATALOG.without("views")) == [
        n for n in kinds(CATALOG) if "audit.orders" not in n or "seq" in n
    ]
    without = CATALOG.without("comments", "grants", "policies", "storage")
    assert not [facts for facts in without.entries.values() if {"comment", "grants", "option"} & {*facts}]
    assert without.entries[Entry("relation", ("audit", "entries"))] == {"kind": "table"}
    assert Entry("policy", ("audit", "entries", "own")) not in without.entries
    assert Entry("default privileges", ("audit", "the owner", "tables")) not in without.entries


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_documented(part):
    assert f"`{part}`" in (Catalog.without.__doc__ or "")


def test_another_part_is_refused():
    with pytest.raises(CatalogError, match=r"no part 'tables' \[catalog\.part\]\n.*comments, extensions"):
        CATALOG.without("tables")


def test_older_servers_are_refused():
    _check_version(130000)
    with pytest.raises(CatalogError, match=r"this server is 12 \[catalog\.server-too-old\]"):
        _check_version(120022)


@pytest.mark.parametrize(
    ("expression", "plain"),
    [
        ("ARRAY['a'::character varying, 'b''c'::character varying]::text[]", "ARRAY['a'::text, 'b''c'::text]"),
        ("ARRAY['a'::character varying::text, 'b''c'::character varying::text]", "ARRAY['a'::text, 'b''c'::text]"),
        ("'a'::character varying", "'a'::character varying"),
        ("'a'::character varying::text[]", "'a'::character varying::text[]"),
        ("'''x''::character varying::text'::character varying", "'''x''::character varying::text'::character varying"),
        ("name::character varying::text", "name::character varying::text"),
        ("\"'a'::character varying::text\" > 'b'::character varying::text", "\"'a'::character varying::text\" > 'b'::text"),
        ("ARRAY['a'::character varying(3), 'b'::character varying]::text[]", "ARRAY['a'::character varying(3), 'b'::character varying]::text[]"),
    ],
)  # fmt: skip
def test_two_ways_to_write_a_list_of_words_are_one(expression, plain):
    assert plain_casts(expression) == plain
