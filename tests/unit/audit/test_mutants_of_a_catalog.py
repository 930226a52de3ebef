"""What a schema promises, and the statements that take it away."""

from __future__ import annotations

from typing import Any

from seatrial.audit.mutations import Kind, Mutant, mutants_of
from seatrial.postgres.catalog import Catalog
from seatrial.postgres.catalog.catalog import Entry


def made(*objects: tuple[str, tuple[str, ...], dict[str, Any]]) -> dict[str, Mutant]:
    table = ("relation", ("public", "orders"), {"kind": "table"})
    found = mutants_of(Catalog({Entry(kind, path): facts for kind, path, facts in (table, *objects)}))
    return {mutant.name: mutant for mutant in found if mutant.kind is not Kind.SCHEMA}


def constraint(
    name: str, kind: str, definition: str, **facts: str
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    return ("constraint", ("public", "orders", name), {"kind": kind, "definition": definition, **facts})


def column(name: str, **facts: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    return ("column", ("public", "orders", name), {"type": "text", **facts})


def test_constraints_are_dropped_by_name() -> None:
    found = made(
        constraint("pk", "primary key", "PRIMARY KEY (id)"),
        constraint("Odd one", "check", "CHECK (total > 0)"),
        constraint("un", "unique constraint", "UNIQUE (name)"),
        constraint("ex", "exclusion constraint", "EXCLUDE USING gist (during WITH &&)"),
    )
    assert {name: mutant.kind for name, mutant in found.items()} == {
        "orders: primary key pk": Kind.PRIMARY_KEY,
        'orders: check "Odd one"': Kind.CHECK,
        "orders: unique constraint un": Kind.UNIQUE,
        "orders: exclusion constraint ex": Kind.UNIQUE,
    }
    assert found['orders: check "Odd one"'].statements == (
        'ALTER TABLE "public"."orders" DROP CONSTRAINT "Odd one"',
    )


def test_a_foreign_key_concerns_both_tables() -> None:
    found = made(
        constraint("fk", "foreign key", 'FOREIGN KEY (c) REFERENCES "Sales"."odd ""name" (id) ON DELETE')
    )
    assert found["orders: foreign key fk"].relations == ("public.orders",)
    found = made(constraint("fk", "foreign key", 'FOREIGN KEY (c) REFERENCES "Sales"."odd ""name"(id)'))
    assert found["orders: foreign key fk"].relations == ("public.orders", 'Sales.odd "name')


def test_what_is_not_enforced_promises_nothing() -> None:
    assert made(constraint("ck", "check", "CHECK (true)", enforcement="not enforced")) == {}
    trigger = ("trigger", ("public", "orders", "tr"), {"definition": "BEFORE ...", "state": "disabled"})
    assert made(trigger) == {}


def test_columns_of_the_primary_key_stay_not_null() -> None:
    found = made(
        constraint("pk", "primary key", 'PRIMARY KEY (id, "Part No")'),
        column("id", nullability="not null"),
        column("Part No", nullability="not null"),
        column("item", nullability="not null", default="'x'::text"),
        column("number", nullability="not null", identity="always", type="bigint"),
        column("sum", generated="stored a + b", type="bigint"),
    )
    assert list(found) == [
        "orders.item: not null",
        "orders.item: default",
        "orders.number: default",
        "orders.number: type bigint",
        "orders: primary key pk",
    ]
    assert found["orders.number: default"].statements[0].endswith('ALTER COLUMN "number" DROP IDENTITY')


def test_indexes_unique_ones_count_as_such() -> None:
    found = made(
        ("index", ("public", "orders", "ix"), {"definition": "btree (item)"}),
        ("index", ("public", "orders", "ux"), {"definition": "unique btree (lower(item))"}),
    )
    assert found["orders: index ix"].kind is Kind.INDEX
    assert found["orders: unique index ux"].kind is Kind.UNIQUE
    assert found["orders: unique index ux"].statements == ('DROP INDEX "public"."ux"',)


def test_row_level_security_is_taken_away_in_parts() -> None:
    relation = ("relation", ("public", "notes"), {"kind": "table", "row security": "enabled and forced"})
    policy = ("policy", ("public", "notes", "own"), {"kind": "policy", "command": "ALL"})
    found = made(relation, policy)
    assert {name: mutant.statements[0] for name, mutant in found.items()} == {
        "notes: row-level security": 'ALTER TABLE "public"."notes" DISABLE ROW LEVEL SECURITY',
        "notes: forced row-level security": 'ALTER TABLE "public"."notes" NO FORCE ROW LEVEL SECURITY',
        "notes: policy own": 'DROP POLICY "own" ON "public"."notes"',
    }
    only_enabled = ("relation", ("public", "notes"), {"kind": "table", "row security": "enabled"})
    assert list(made(only_enabled)) == ["notes: row-level security"]


def test_a_policy_may_let_everything_in() -> None:
    facts = {"kind": "policy", "command": "ALL", "using": "owner = me()", "with check": "true"}
    found = made(("policy", ("public", "orders", "Own"), facts))
    assert {name: mutant.statements[0] for name, mutant in found.items()} == {
        'orders: policy "Own"': 'DROP POLICY "Own" ON "public"."orders"',
        'orders: policy "Own" USING (true)': 'ALTER POLICY "Own" ON "public"."orders" USING (true)',
    }


def test_a_vector_becomes_a_text_without_its_indexes() -> None:
    found = made(
        column("place", type="public.vector(3)"),
        ("index", ("public", "orders", "near"), {"definition": "hnsw (place public.vector_l2_ops)"}),
        ("index", ("public", "orders", "other"), {"definition": "btree (placement)"}),
    )
    assert found["orders.place: type public.vector(3)"].statements == (
        'DROP INDEX "public"."near"',
        'ALTER TABLE "public"."orders" ALTER COLUMN "place" TYPE text USING "place"::text',
    )


def test_partitions_lose_what_they_have_from_their_parents_there() -> None:
    part = ("relation", ("public", "orders_1"), {"kind": "table", "inherits": [["public", "orders"]]})
    inherited = ("column", ("public", "orders_1", "item"), {"type": "text", "nullability": "not null"})
    own = ("index", ("public", "orders_1", "ix"), {"definition": "btree (item)"})
    assert list(made(part, inherited, own)) == ["orders_1: index ix"]


def test_a_check_of_a_domain_concerns_the_tables_that_use_it() -> None:
    domain = ("type", ("public", "amount"), {"kind": "domain", "type": "integer"})
    check = (
        "constraint",
        ("public", "amount", "positive"),
        {"kind": "check", "definition": "CHECK (VALUE > 0)"},
    )
    found = made(domain, check, column("total", type="public.amount"))
    assert found["amount: check positive"].relations == ("public.orders",)
    assert found["amount: check positive"].statements == (
        'ALTER DOMAIN "public"."amount" DROP CONSTRAINT "positive"',
    )


def test_the_empty_schema_concerns_everything() -> None:
    (nothing,) = mutants_of(Catalog({Entry("relation", ("s", "t")): {"kind": "table"}}))
    assert nothing == Mutant(
        name="the whole schema",
        kind=Kind.SCHEMA,
        relations=(),
        statements=('DROP TABLE IF EXISTS "s"."t" CASCADE',),
    )
