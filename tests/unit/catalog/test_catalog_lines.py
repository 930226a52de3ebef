"""How differences are printed: one line each, in one order, without doubt about what is meant."""

from __future__ import annotations

import random

import pytest

from seatrial.postgres.catalog import Catalog, Entry, differences

TABLE = {"kind": "table"}


def catalog(*objects):
    return Catalog({Entry(kind, tuple(path)): facts for kind, path, facts in objects})


def table(*path, **facts):
    return ("relation", path, {**TABLE, **{name.replace("_", " "): value for name, value in facts.items()}})


def column(*path, **facts):
    return ("column", path, {"type": "integer", **facts})


def check(*path, definition="CHECK (a > 0)", **facts):
    return ("constraint", path, {"kind": "check", "definition": definition, **facts})


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("orders", "orders"),
        ("Orders", '"Orders"'),
        ("order lines", '"order lines"'),
        ("shop.orders", '"shop.orders"'),
        ('say "so"', '"say ""so"""'),
        ("größe", '"größe"'),
        ("1st", '"1st"'),
        ("two\nlines", 'U&"two\\000Alines"'),
        ("back\\slash", '"back\\slash"'),
        ("back\\slash\n", 'U&"back\\\\slash\\000A"'),
        ("zero\u200bwidth", 'U&"zero\\200Bwidth"'),
        ("no\u00a0break", 'U&"no\\00A0break"'),
        ("\U000e0041", 'U&"\\+0E0041"'),
    ],
)
def test_a_name_is_printed_so_that_it_cannot_be_mistaken(name, printed):
    assert differences(catalog(table("public", name)), catalog()) == [f"table {printed} is missing"]


def test_public_is_named_where_a_table_is_called_like_a_schema():
    schemas = [("schema", ("public",), {"kind": "schema"}), ("schema", ("shop",), {"kind": "schema"})]
    before = catalog(
        *schemas, table("public", "shop"), table("shop", "total"), column("public", "shop", "total")
    )
    after = catalog(*schemas, table("public", "shop"))
    assert differences(before, after) == [
        "public.shop.total is missing: integer",
        "table shop.total is missing",
    ]
    assert differences(after, before) == [
        "public.shop.total is not expected: integer",
        "table shop.total is not expected",
    ]


def test_a_missing_table_is_one_line():
    parts = [table("public", "orders"), *(column("public", "orders", f"c{n}") for n in range(30))]
    parts += [
        check("public", "orders", "positive"),
        ("policy", ("public", "orders", "own"), {"kind": "policy"}),
    ]
    sequence = ("sequence", ("public", "s"), {"kind": "sequence", "owned by": [["public", "orders", "c1"]]})
    assert differences(catalog(*parts, sequence), catalog()) == ["table orders is missing"]
    assert differences(catalog(), catalog(*parts, sequence)) == ["table orders is not expected"]


def test_a_sequence_goes_with_its_column():
    kept = [table("public", "orders")]
    gone = [
        column("public", "orders", "id", default="nextval('s')"),
        ("sequence", ("public", "s"), {"kind": "sequence", "owned by": [["public", "orders", "id"]]}),
    ]
    assert differences(catalog(*kept, *gone), catalog(*kept)) == [
        "orders.id is missing: integer default nextval('s')"
    ]


def test_a_change_of_a_table_and_its_partitions_is_said_once():
    def log(**facts):
        return [
            table("public", "log"),
            column("public", "log", "id", **facts),
            *(table("public", f"log_{n}", bound=f"in ({n})", inherits=[["public", "log"]]) for n in range(9)),
            *(column("public", f"log_{n}", "id", **facts) for n in range(9)),
        ]

    assert differences(catalog(*log()), catalog(*log(nullability="not null"))) == [
        "log.id: nullable -> not null"
    ]
    assert differences(catalog(*log()), catalog(*(o for o in log() if o[0] != "column"))) == [
        "log.id is missing: integer"
    ]
    assert differences(catalog(*log()), catalog()) == ["table log is missing, with 9 partitions"]
    alone = catalog(*(o for o in log() if o[1] != ("public", "log_3", "id")))
    assert differences(catalog(*log()), alone) == ["log_3.id is missing: integer"]


def test_another_name_is_one_line_and_can_be_left_out():
    here = catalog(table("public", "a"), check("public", "a", "one"), check("public", "a", "two"))
    there = catalog(table("public", "a"), check("public", "a", "ONE"), check("public", "a", "three"))
    assert differences(here, there) == ['a: check one is named "ONE"', "a: check two is named three"]
    assert differences(here, there, names=False) == []


def test_another_name_and_another_definition_are_two_objects():
    here = catalog(table("public", "a"), check("public", "a", "one"))
    there = catalog(table("public", "a"), check("public", "a", "two", definition="CHECK (a > 1)"))
    expected = ["a: check one is missing: CHECK (a > 0)", "a: check two is not expected: CHECK (a > 1)"]
    assert differences(here, there) == differences(here, there, names=False) == expected


def test_the_same_check_on_another_table_is_no_other_name():
    both = [table("public", "a"), table("public", "b")]
    here, there = catalog(*both, check("public", "a", "one")), catalog(*both, check("public", "b", "two"))
    assert len(differences(here, there)) == 2


def test_the_order_is_always_the_same():
    objects = [table("public", name) for name in "cab"]
    objects += [column("public", table, name) for table in "cab" for name in "zyx"]
    objects += [check("public", "a", "one"), ("extension", ("x",), {"kind": "extension", "version": "1"})]
    objects += [("function", ("public", "a", "integer"), {"kind": "function"})]
    lines = differences(catalog(*objects[:3]), catalog(*objects))
    for seed in range(20):
        random.Random(seed).shuffle(objects)
        bare = [o for o in objects if o[0] == "relation"]
        assert differences(catalog(*bare), catalog(*objects)) == lines
    assert lines[0] == "extension x is not expected: 1"
    assert [line.partition(" ")[0] for line in lines[1:5]] == ["a.x", "a.y", "a.z", "a:"]


def test_long_texts_show_where_they_differ():
    words = [f"word{n}" for n in range(400)]
    other = [*words]
    other[200] = "changed"
    function = ("public", "long", "")
    here = catalog(("function", function, {"kind": "function", "body": "\n".join(words)}))
    there = catalog(("function", function, {"kind": "function", "body": "\n".join(other)}))
    (line,) = differences(here, there)
    assert "word200" in line
    assert "changed" in line
    assert line.count("word199") == 2
    assert len(line) < 300
    assert "\n" not in line


def test_texts_that_differ_in_white_space_only_are_told():
    function = ("public", "f", "")
    here = catalog(("function", function, {"kind": "function", "body": "select 1"}))
    there = catalog(("function", function, {"kind": "function", "body": "select\n  1"}))
    assert differences(here, there) == ["f(): body differs in white space only"]


def test_a_comment_cannot_pass_for_something_else():
    here, there = catalog(table("public", "a")), catalog(table("public", "a", comment="none\n-> it's"))
    assert differences(here, there) == ["a: comment none -> 'none -> it''s'"]


def test_another_kind_of_relation_is_one_line():
    here = catalog(table("public", "a"), column("public", "a", "b"), check("public", "a", "c"))
    there = catalog(("relation", ("public", "a"), {"kind": "view", "definition": "SELECT 1"}))
    assert differences(here, there) == ["a: table -> view"]
