# ruff: noqa: E501 - one statement per line
"""Operations on rows, as applications do them."""

from __future__ import annotations

from tests.machine.operation import Operation, rows

_MANY = "insert into plain select g, 'bulk' from generate_series(100 + {n} * 10, 109 + {n} * 10) as g"

ROWS = (
    rows("insert", "insert into plain values ({n}, 'a')", "insert into deep.leaf values ({n}, null)", "insert into composed values ({n}, 'k', ({few}, 'p'))", "insert into statuses values (10 + {n}, 'new {n}')", "insert into archive values (6000 + {n}, 'new')"),
    rows("insert many", _MANY, "insert into archive select g, 'bulk' from generate_series(7000, 7050) as g", "insert into keyless select 1, 'x' from generate_series(1, {n})"),
    rows("update a seed", "update statuses set name = 'changed {n}' where id = {few}", "update products set price = price + 1 where id = {many}", "update archive set note = 'changed' where id = {many}", "update products set name = name || '!' where id between {many} and {many} + {n}", "update worked_out set b = {n} where a = {few}"),
    rows("delete a seed", "delete from archive where id = {many}", "delete from archive where id between {many} and {many} + {n}", "delete from counters where key = 'a'", "delete from keyless where a = 2", "delete from wide where id = {few}"),
    rows("change its own rows", "insert into plain values ({n}, 'a'); update plain set v = 'b' where id = {n}; delete from plain where id = {n}", "insert into deep.leaf values ({n}, 'x'); update deep.leaf set id = id + 100", "update plain set v = v || 'c'", "delete from plain"),
    rows("cascade into seeds", "delete from products where id = {few}", "delete from statuses where id = {few}", "update products set id = id + 5000 where id = {few}", "delete from orders where id = {few}", "delete from tree where id = {few}"),
    rows("referencing rows", "insert into orders (product) values ({many})", 'insert into lines ("order", n) values ({few}, {n})', "insert into tree values (10 + {n}, {few})"),
    rows("upsert", "insert into counters values ('a', {n}) on conflict (key) do update set n = counters.n + 1", "insert into counters values ('k{n}', 1) on conflict (key) do update set n = counters.n + 1", "insert into statuses values ({few}, 'other') on conflict do nothing"),
    Operation(name="merge", variants=("merge into counters as c using (values ('b', {n}), ('m{n}', 1)) as s (key, n) on c.key = s.key when matched then update set n = s.n when not matched then insert values (s.key, s.n)", "merge into counters as c using (values ('a')) as s (key) on c.key = s.key when matched then delete")),
    Operation(name="copy", variants=("copy plain from stdin|{n}\tcopied\n{few}99\tcopied\n", "copy keyless from stdin|{n}\t\\N\n{n}\t\\N\n", "copy archive from stdin|80{few}1\ta\n80{few}2\tb\n80{few}3\tc\n")),
    rows("next value", "select nextval('free')", "select nextval('used')", "select nextval('around'), nextval('around')", "select nextval('free') from generate_series(1, {n})"),
    rows("set value", "select setval('free', 100 + {n})", "select setval('used', {few}, false)", "select setval('named_always_id_seq', 500 + {n})", "select setval('products_id_seq', 3000 + {n})"),
    rows("identity", "insert into named_always (v) values ('i')", "insert into named_always overriding system value values ({n} + 100, 'o')", "insert into named_default (v) values ('d')", "insert into named_default values ({n}, 'given')"),
    rows("serial", "insert into serials (v) values ('s{n}')", "insert into serials (v) values ('s') on conflict do nothing"),
    rows("identity of a seeded table", "insert into products (name, price) values ('own {n}', {n})", "insert into products (name) values ('product {few}') on conflict do nothing"),
    rows("generated column", "insert into worked_out (a, b) values (10 + {n}, {few})", "update worked_out set a = a + 100 where a = {few}", "delete from worked_out where a = {few}"),
    rows("keyless", "insert into keyless values (1, 'x')", "delete from keyless where ctid = (select min(ctid) from keyless where a = 1)", "update keyless set b = 'y' where ctid = (select max(ctid) from keyless)", "insert into keyless select * from keyless limit 2"),
    rows("partitions", "insert into parts values ({few}, {n}, 'own')", "delete from parts where id = {few}", "update parts set v = 'changed' where id = {few}", "insert into parts values ({few}, 500, 'default')"),
    rows("move between partitions", "update parts set at = at + 10 where id = {few}", "update parts set id = id + 2 where id = {few}", "update parts set at = -1 where id = {few}"),
    rows("heirs", "insert into child values ({n}, 'own', 1)", "update parent set v = 'changed' where a = {few}", "delete from parent where a = {few}", "delete from only parent where a = {few}", "insert into parent values ({n}, 'own')", "insert into grandchild values ({n}, 'own', 1, 1)"),
    rows("wide rows", "insert into wide values (100 + {n}, repeat('new', 9000))", "update wide set body = body || 'more' where id = {few}", "update wide set id = id + 50 where id = {few}"),
    rows("late keys", "begin; insert into late_child values (10 + {n}, 70 + {n}); insert into late_parent values (70 + {n}); commit", "begin; delete from late_parent where id = 1; insert into late_parent values (1); commit", "insert into late_child values (10 + {n}, 3)", "delete from late_child where id = {few}; delete from late_parent where id = {few}"),
    rows("late uniqueness", "update ranks set rank = 6 - rank", "begin; update ranks set rank = 2 where name = 'a'; update ranks set rank = 1 where name = 'b'; commit"),
    rows("trigger elsewhere", "insert into audited values ({n}, 'a')", "insert into audited values ({n}, 'a') on conflict (id) do update set v = 'b'", "insert into audited select g, 'm' from generate_series(1, 3) as g on conflict do nothing"),
    rows("append only", "insert into journal values (10 + {n}, 'new')"),
    rows("row security", "insert into secret values (2 * {n} + 10, 'me')", "update secret set owner = 'me' where id = 2 * {few}", "delete from secret where id = 2"),
    rows("rules", "insert into ruled values (10 + {n}, 'new')", "delete from ruled", "update ruled set v = 'changed' where id = {few}"),
    rows("exclusion", "insert into bookings values (1, int4range(10 + {n}, 11 + {n}))", "delete from bookings where room = 2; insert into bookings values (2, '[2,3)')", "update bookings set during = '[20,30)' where room = 2"),
    rows("awkward values", "update awkward set n = 1.100, f = '0' where id in (2, 3)", "delete from awkward where id = {few}", "insert into awkward (id, n, r, d, u) values (10 + {n}, 'NaN', '[1,2)', 1, '00000000-0000-0000-0000-000000000001')", "update awkward set j = '{{\"a\": 1}}', arr = null where id = 1", "update awkward set at = 'now', c = 'y', p = (2, 'z') where id = {few}"),
    rows("odd names", 'insert into "Odd ""Name""" values (10 + {n}, null, \'x\')', 'update "Odd ""Name""" set "Upper Case" = \'y\'', 'delete from "Odd ""Name"""'),
    rows("gin index", "insert into documents values ({n}, to_tsvector('simple', 'a b c{n}'))", "delete from documents"),
    rows("unlogged", "insert into scratch (v) values ('s')", "insert into scratch (v) select 'm' from generate_series(1, {n})"),
    rows("through a view", "update cheap set price = 7 where id = {few}", "delete from cheap where id = 20 + {few}"),
)  # fmt: skip
