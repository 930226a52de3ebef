"""`seatrial audit --mutations` on a project: what its tests notice, and what they do not."""

from __future__ import annotations

import sys

import pytest

from seatrial.audit.mutations import hunting, mutants_of
from seatrial.audit.mutations.choosing import Suite
from seatrial.audit.mutations.first_run import first_run
from seatrial.audit.mutations.runner import starting
from seatrial.postgres.catalog import Catalog
from tests.support.project import Project, Result

SETTINGS = """
[tool.seatrial]
app = "shop:app"
[tool.seatrial.env]
DATABASE_URL = "{database.url}"
[tool.seatrial.database]
schema = { sql = ["schema.sql"] }
app_role = "clerk"
"""
SCHEMA = """
create table customers (id int primary key, name text not null unique);
create table orders (
    id int generated always as identity primary key,
    customer int not null references customers (id),
    item text not null,
    pieces int not null default 1 constraint some_pieces check (pieces > 0)
);
create index orders_by_item on orders (item);
create index orders_by_customer on orders (customer);
alter table orders enable row level security;
alter table orders force row level security;
create policy mine on orders using (customer = current_setting('app.customer')::int);
create function refuse_renames() returns trigger language plpgsql as
    $$ begin raise exception 'names stay' using errcode = 'P0002'; end $$;
create trigger names_stay before update on customers for each row execute function refuse_renames();
grant select, insert, update on all tables in schema public to clerk;
insert into customers values (1, 'Ada'), (2, 'Bo');
"""
SHOP = """
import os
from contextlib import asynccontextmanager
import asyncpg
from fastapi import FastAPI, HTTPException

@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1) as app.state.pool:
        yield

app = FastAPI(lifespan=lifespan)

async def run(statement, *values, customer=1):
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.customer', $1, true)", str(customer))
        try:
            return await connection.fetch(statement, *values)
        except asyncpg.PostgresError as error:
            raise HTTPException(409, error.sqlstate) from error

@app.post("/orders", status_code=201)
async def create(customer: int, item: str, pieces: int):
    insert = "insert into orders (customer, item, pieces) values ($1, $2, $3) returning id"
    return [dict(row) for row in await run(insert, customer, item, pieces, customer=customer)]

@app.get("/orders")
async def orders(customer: int):
    return [row["item"] for row in await run("select item from orders order by id", customer=customer)]

@app.put("/customers/{id}")
async def rename(id: int, name: str):
    update = "update customers set name = $2 where id = $1 returning id"
    return [dict(row) for row in await run(update, id, name)]
"""
TESTS = """
import pytest

def test_orders_are_their_customers(client):
    assert client.post("/orders", params={"customer": 1, "item": "rope", "pieces": 2}).status_code == 201
    assert client.get("/orders", params={"customer": 1}).json() == ["rope"]
    assert client.get("/orders", params={"customer": 2}).json() == []

def test_orders_need_pieces(client):
    answer = client.post("/orders", params={"customer": 1, "item": "rope", "pieces": 0})
    assert answer.json() == {"detail": "23514"}

def test_names_stay(client):
    assert client.put("/customers/1", params={"name": "Cy"}).json() == {"detail": "P0002"}

def test_customers_are_real(client):
    answer = client.post("/orders", params={"customer": 9, "item": "rope", "pieces": 1})
    assert answer.json() == {"detail": "23503"}

def test_definitions(db):
    assert db.scalar("select count(*) from pg_constraint where conrelid = 'customers'::regclass") >= 2
"""


@pytest.fixture
def shop(project: Project) -> Project:
    return project.write(
        {"pyproject.toml": SETTINGS, "schema.sql": SCHEMA, "shop.py": SHOP, "test_shop.py": TESTS}
    )


def audit(project: Project, *arguments: str) -> Result:
    return project.run(sys.executable, "-m", "seatrial", "audit", "--mutations", *arguments)


def states(result: Result) -> dict[str, str]:
    """Mutant -> what became of it."""
    words = tuple(f"{word:8}  " for word in ("killed", "compared", "refused", "SURVIVED"))
    lines = [line.split("  (")[0] for line in result.output.splitlines() if line.startswith(words)]
    return {name: word for word, name in (line.split(maxsplit=1) for line in lines)}


def test_every_promise_is_taken_away_once_and_survivors_are_named(shop: Project) -> None:
    result = audit(shop, "-n", "1")
    assert result.status == 1, result.output
    assert states(result) == {
        "the whole schema": "killed",
        "customers.name: not null": "SURVIVED",
        "customers: unique constraint customers_name_key": "SURVIVED",
        "customers: primary key customers_pkey": "refused",
        "customers: trigger names_stay": "killed",
        "orders: row-level security": "killed",
        "orders: forced row-level security": "SURVIVED",
        "orders: policy mine": "killed",
        "orders: policy mine USING (true)": "killed",
        "orders.customer: not null": "SURVIVED",
        "orders.id: default": "killed",
        "orders.item: not null": "SURVIVED",
        "orders.pieces: not null": "SURVIVED",
        "orders.pieces: default": "SURVIVED",
        "orders: foreign key orders_customer_fkey": "killed",
        "orders: primary key orders_pkey": "SURVIVED",
        "orders: check some_pieces": "killed",
        "orders: index orders_by_item": "SURVIVED",
        "orders: index orders_by_customer": "SURVIVED",
    }
    assert "(test_shop.py::test_orders_need_pieces: AssertionError" in result.output
    assert "killed: 9 of 19 (47.4 %), 1 of them by the server" in result.output
    assert "\n  orders: index orders_by_item\n" in result.output
    assert "  test_shop.py::test_definitions" in result.output


COMPARES = """
TABLES = "('orders'::regclass, 'customers'::regclass)"

def test_constraints(db):
    count = "select count(*) from pg_constraint where contype <> 'n' and conrelid in " + TABLES
    assert db.scalar(count) == 5

def test_indexes(db):
    assert db.scalar("select count(*) from pg_indexes where indexname = 'orders_by_item'") == 1
"""


def test_a_comparison_is_enough_for_an_index_and_not_for_a_check(shop: Project) -> None:
    shop.write({"test_shop.py": COMPARES})
    result = audit(shop, "-n", "2", "--only", "orders: *e*")
    assert result.status == 1, result.output
    assert states(result) == {
        "orders: row-level security": "SURVIVED",
        "orders: forced row-level security": "SURVIVED",
        "orders: policy mine": "SURVIVED",
        "orders: policy mine USING (true)": "SURVIVED",
        "orders: foreign key orders_customer_fkey": "compared",
        "orders: primary key orders_pkey": "compared",
        "orders: check some_pieces": "compared",
        "orders: index orders_by_item": "compared",
        "orders: index orders_by_customer": "SURVIVED",
    }
    _, _, wrong = result.output.partition("not noticed, and not declared:")
    assert "orders: check some_pieces, noticed by tests of definitions only" in wrong
    assert "orders_by_item" not in wrong
    assert "killed: 4 of 9 (44.4 %); of the 9 that were made, by behaviour: 0 (0.0 %)" in wrong


def test_ready_made_checks_see_the_mutant(shop: Project) -> None:
    check = ("--seatrial-checks", "schema.foreign_keys")
    result = audit(shop, "-n", "1", "--only", "orders: index*", "--", *check)
    assert states(result) == {
        "orders: index orders_by_item": "SURVIVED",
        "orders: index orders_by_customer": "compared",
    }
    assert "orders_by_customer  (seatrial::schema.foreign_keys" in result.output


DECLARED = """
[[tool.seatrial.audit.survivors]]
mutant = "orders: index *"
reason = "for a report"
owner = "@orders"
until = {until}
"""


def test_survivors_are_declared_until_a_day(shop: Project) -> None:
    shop.write({"pyproject.toml": SETTINGS + DECLARED.format(until="2999-01-01")})
    result = audit(shop, "-n", "1", "--only", "*: index *", "--", "-k", "names")
    assert result.status == 0, result.output
    assert (
        "declared until 2999-01-01 by @orders: orders: index orders_by_item (for a report)" in result.output
    )
    shop.write({"pyproject.toml": SETTINGS + DECLARED.format(until="2020-01-01")})
    result = audit(shop, "-n", "1", "--only", "*: index *", "--", "-k", "names")
    assert result.status == 1, result.output
    assert "orders: index orders_by_item, declared by @orders until 2020-01-01: for a report" in result.output


CLEANS_UP = """
import pytest

@pytest.fixture(scope="module")
def crew(shared_db):
    shared_db.execute("insert into customers values (3, 'Cy')")
    yield
    shared_db.execute("delete from customers where id = 3 and pg_sleep(0) is not null")

def test_there_are_three(crew, db):
    assert db.scalar("select count(*) from customers") == 3
"""


def test_a_fixture_that_cannot_clean_up_on_a_mutant_ends_nothing(shop: Project) -> None:
    shop.write({"test_shop.py": CLEANS_UP, "test_shop_two.py": TESTS})
    result = audit(shop, "-n", "1", "--only", "*whole schema", "--", "-k", "three or names")
    assert result.status == 0, result.output
    assert states(result) == {"the whole schema": "killed"}
    assert "Exception ignored" not in result.output


def test_what_rows_of_a_seed_stand_against_is_no_kill_by_behaviour(shop: Project) -> None:
    shop.write(
        {"schema.sql": SCHEMA + "create table notes (t varchar(4)); insert into notes values ('long');"}
    )
    result = audit(shop, "-n", "1", "--only", "notes.t: *", "--", "-k", "names")
    assert states(result) == {"notes.t: type character varying(4)": "refused"}
    assert "of the 0 that were made, by behaviour: 0" in result.output


WAITS = """
def test_waits_for_a_refusal(client):
    answer = None
    while answer != {"detail": "23514"}:
        answer = client.post("/orders", params={"customer": 1, "item": "x", "pieces": 0}).json()
    assert answer
"""


def test_a_test_that_does_not_end_on_a_mutant_notices_it(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write({"test_shop.py": WAITS})
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    for name, value in shop.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(hunting, "_PATIENCE_S", 6.0)
    start = starting([], folder=shop.root)
    ledger = first_run([], folder=shop.root)
    runner = start()
    catalog = Catalog.from_json(runner.ready.catalog)
    wanted = ("customers: trigger names_stay", "orders: check some_pieces")
    chosen = [mutant for mutant in mutants_of(catalog) if mutant.name in wanted]
    found = list(hunting.Hunt(Suite.of_ledger(ledger, catalog), start).all(chosen, [runner]))
    states_found = [(outcome.mutant.name, outcome.state) for outcome in found]
    assert states_found == [(wanted[0], "survived"), (wanted[1], "killed")]
    assert (found[1].killers[0].test, found[1].killers[0].why[:17]) == (
        "test_shop.py::test_waits_for_a_refusal",
        "it did not end wi",
    )


def test_there_are_no_mutants_on_sqlite(shop: Project) -> None:
    shop.write(
        {
            "pyproject.toml": SETTINGS.replace('app_role = "clerk"', 'engine = "sqlite"'),
            "schema.sql": "create table orders (id integer primary key);",
            "test_shop.py": "def test(db):\n    assert db.scalar('select 1') == 1\n",
        }
    )
    result = audit(shop)
    assert result.status == 2, result.output
    assert "Mutations of a schema need PostgreSQL" in result.output
    assert "Traceback" not in result.output


LEAVES = """
import shop

def test_leaves_something(client):
    seen = getattr(shop, "seen", 0)
    shop.seen = seen + 1
    assert client.get("/orders", params={"customer": 1}).json() == [] and seen < 2
"""


def test_tests_that_leave_something_in_the_process_prove_nothing(shop: Project) -> None:
    shop.write({"test_shop.py": LEAVES})
    result = audit(shop, "-n", "1", "--only", "orders: check*")
    assert result.status == 2, result.output
    assert "after the last mutant" in result.output
    assert "mutations.control" in result.output
    assert "test_shop.py::test_leaves_something (call): " in result.output


def test_bad_input_is_told_before_any_mutant(shop: Project) -> None:
    result = audit(shop, "--only", "orders: nothing*")
    assert (result.status, "mutations.none" in result.output) == (2, True), result.output
    shop.write({"test_shop.py": "def test_fails(client):\n    assert client is None\n"})
    result = audit(shop)
    assert (result.status, "mutations.not-green" in result.output) == (2, True), result.output
    assert "test_shop.py::test_fails" in result.output
    shop.write({"test_shop.py": "import nothing_like_that\n"})
    result = audit(shop)
    assert (result.status, "mutations.no-tests" in result.output) == (2, True), result.output
    assert "nothing_like_that" in result.output


def test_a_template_without_tables_has_no_mutants(shop: Project) -> None:
    shop.write(
        {"schema.sql": "select 1;", "test_shop.py": "def test(db):\n    assert db.scalar('select 1') == 1\n"}
    )
    result = audit(shop)
    assert result.status == 2, result.output
    assert "mutations.no-tables" in result.output or "template.empty-schema" in result.output
