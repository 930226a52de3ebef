# ruff: noqa: E501 - tables read best with one case per line
"""The 24 manual changes of which Alembic's own comparison sees nine: each is one line."""

from __future__ import annotations

import pytest

from seatrial.postgres.catalog import differences

CHANGES = {
    "server default": ("alter table orders alter total set default 5", "orders.total: default 0 -> 5"),
    "on delete": (
        "alter table orders drop constraint orders_customer_fkey; alter table orders add constraint orders_customer_fkey foreign key (customer) references customers",
        "orders: foreign key orders_customer_fkey: FOREIGN KEY (customer) REFERENCES public.customers(id) ON DELETE CASCADE -> FOREIGN KEY (customer) REFERENCES public.customers(id)",
    ),
    "varchar length": ("alter table customers alter name type varchar(50)", "customers.name: type character varying(40) -> character varying(50)"),
    "nullability": ("alter table orders alter total drop not null", "orders.total: not null -> nullable"),
    "time zone": ("alter table orders alter placed_at type timestamp", "orders.placed_at: type timestamp with time zone -> timestamp without time zone"),
    "dropped index": ("drop index orders_status", "orders: index orders_status is missing: btree (status) WHERE total > 10::numeric"),
    "expression index": ("create index more on orders (upper(note))", "orders: index more is not expected: btree (upper(note))"),
    "extra column": ("alter table orders add column more int not null default 3", "orders.more is not expected: integer not null default 3"),
    "comment": ("comment on column orders.note is 'by them'", "orders.note: comment 'from the customer' -> 'by them'"),
    "dropped check": ("alter table orders drop constraint orders_total_check", "orders: check orders_total_check is missing: CHECK (total > 0::numeric)"),
    "changed check": (
        "alter table orders drop constraint orders_total_check; alter table orders add constraint orders_total_check check (total >= 0)",
        "orders: check orders_total_check: CHECK (total > 0::numeric) -> CHECK (total >= 0::numeric)",
    ),
    "enum value": ("alter type mood add value 'glad' before 'cross'", "enum mood: labels ('calm', 'cross') -> ('calm', 'glad', 'cross')"),
    "foreign key not valid": (
        "alter table orders drop constraint orders_customer_fkey; alter table orders add constraint orders_customer_fkey foreign key (customer) references customers on delete cascade not valid",
        "orders: foreign key orders_customer_fkey: validated -> not validated",
    ),
    "row security": ("alter table orders disable row level security", "orders: row security enabled -> off"),
    "policy": ("drop policy own_orders on orders", "orders: policy own_orders is missing: for SELECT to app using (total < 100::numeric)"),
    "trigger": ("drop trigger orders_touch on orders", "orders: trigger orders_touch is missing: BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.touch()"),
    "predicate": (
        "drop index orders_status; create index orders_status on orders (status) where total > 20",
        "orders: index orders_status: btree (status) WHERE total > 10::numeric -> btree (status) WHERE total > 20::numeric",
    ),
    "index method": ("drop index log_id; create index log_id on log using hash (id)", "log: index log_id: btree (id) -> hash (id)"),
    "deferrable unique": (
        "alter table orders drop constraint orders_number_key; alter table orders add constraint orders_number_key unique (number) deferrable initially deferred",
        "orders: unique constraint orders_number_key: not deferrable -> deferrable, initially deferred",
    ),
    "view": ("create or replace view open_orders as select id, total from orders where status = 'paid'", "open_orders: … FROM public.orders"),
    "grant": ("grant insert on orders to reader", "orders: grants to reader: SELECT -> INSERT, SELECT"),
    "invalid index": ("update pg_index set indisvalid = false where indexrelid = 'orders_status'::regclass", "orders: index orders_status: valid -> invalid"),
    "default of an id": ("alter table orders alter id drop default", "orders.id: default nextval('public.orders_id_seq'::regclass) -> none"),
    "collation": ('alter table orders alter note type text collate "C"', 'orders.note: collation none -> "C"'),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "line"), CHANGES.values(), ids=CHANGES)
def test_each_of_the_24_manual_changes_is_one_line(stage, changed, statements, line):
    found = differences(stage.catalog, changed(statements))
    if line.startswith("open_orders"):  # each major version writes views in its own way
        assert len(found) == 1
        assert found[0].startswith("open_orders: SELECT")
        assert found[0].count("'open'::text") == found[0].count("'paid'::text") == 1
    else:
        assert found == [line]


def test_there_are_24():
    assert len(CHANGES) == 24
