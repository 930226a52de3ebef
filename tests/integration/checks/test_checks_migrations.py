"""The checks of migrations find what is wrong with them, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tests.integration.checks.conftest import Checked, revision
from tests.support.alembic_project import ASYNC_ENV

Find = Callable[..., list[str]]


PORTS = revision(
    "r1",
    None,
    up="""
op.execute('create table ports (id int generated always as identity primary key, name text not null)')
""",
    back="op.drop_table('ports')",
)
SHIPS = revision(
    "r2",
    "r1",
    up="""
op.create_table('ships', sa.Column('id', sa.Integer, primary_key=True),
    sa.Column('port_id', sa.Integer, sa.ForeignKey('ports.id'), nullable=False),
    sa.Column('tonnage', sa.Numeric(8, 2)))
op.create_index('ix_ships_port', 'ships', ['port_id'])
""",
    back="op.drop_table('ships')",
)
EVERY = ["single_head", "upgrade", "stairway", "data", "rerun", "empty"]


@pytest.mark.parametrize("env", [None, ASYNC_ENV], ids=["sync", "async"])
def test_good_migrations_pass(checked: Checked, env: str | None) -> None:
    checked.migrations(r1=PORTS, r2=SHIPS, **({"env": env} if env else {}))
    for name in EVERY:
        verdict = checked.check(f"migrations.{name}")
        assert verdict.passed, verdict
        assert not verdict.inapplicable
    assert [note.split("ms")[1].split() for note in checked.check("migrations.upgrade").notes] == [
        ["r1", "Title", "of", "r1."],
        ["r2", "Title", "of", "r2."],
    ]


def test_two_heads(found: Find) -> None:
    (text,) = found("migrations.single_head", r1=PORTS, a=revision("a", "r1"), b=revision("b", "r1"))
    assert "expected one head, found 2" in text
    assert "revision a (migrations/versions/a.py)" in text
    assert "alembic merge heads" in text


def test_two_first_revisions(found: Find) -> None:
    both = {"r1": PORTS, "x": revision("x", None), "m": revision("m", ("r1", "x"))}
    (text,) = found("migrations.single_head", **both)
    assert "expected one first revision, found 2" in text


def test_a_revision_that_follows_nothing_that_is_there(found: Find) -> None:
    (text,) = found("migrations.single_head", r1=PORTS, r3=revision("r3", "r2"))
    assert "r2" in text
    assert "expected revisions that Alembic can read" in text


def test_a_syntax_error_in_the_middle(found: Find) -> None:
    (text,) = found("migrations.single_head", r1=PORTS, r2="def upgrade(:\n", r3=revision("r3", "r2"))
    assert "SyntaxError" in text
    assert "r2.py" in text


def test_a_revision_that_fails_is_named_with_its_own_line(found: Find) -> None:
    broken = revision("r2", "r1", up="op.execute('alter table portz add column x int')")
    (text,) = found("migrations.upgrade", r1=PORTS, r2=broken, r3=revision("r3", "r2"))
    assert text.startswith("revision r2 (migrations/versions/r2.py): expected that it can be applied; ")
    assert 'relation "portz" does not exist' in text
    assert "alter table portz" in text


def test_a_downgrade_that_leaves_something(found: Find) -> None:
    forgetful = revision(
        "r2",
        "r1",
        up="""
op.execute("create type size as enum ('small')")
op.add_column('ports', sa.Column('size', sa.Text))
""",
        back="op.drop_column('ports', 'size')",
    )
    texts = found("migrations.stairway", r1=PORTS, r2=forgetful)
    assert "expected that its downgrade leaves the schema as it was before" in texts[0]
    assert "size" in texts[0]
    assert 'type "size" already exists' in texts[1]


def test_what_a_downgrade_leaves_is_not_put_down_to_rows(found: Find) -> None:
    up = "op.create_table('docks', sa.Column('id', sa.Integer, primary_key=True))"
    (text,) = found("migrations.data", r1=PORTS, r2=revision("r2", "r1", up=up))
    assert "expected that it can be applied again after it was taken back" in text
    assert 'relation "docks" already exists' in text
    assert "see `migrations.stairway`" in text
    assert "become NOT NULL" not in text


def test_what_is_there_before_a_revision_was_applied_is_its_own_fault(found: Find) -> None:
    up = "op.execute('create table ports ()')"
    (text,) = found("migrations.data", r1=PORTS, r2=revision("r2", "r1", up=up))
    assert "expected that it can be applied where tables hold rows" in text
    assert "stairway" not in text


def test_every_downgrade_that_was_never_written_is_told(found: Find) -> None:
    never = "raise NotImplementedError('no way back')"
    r2 = revision("r2", "r1", up="op.add_column('ports', sa.Column('a', sa.Text))", back=never)
    r3 = revision("r3", "r2", up="op.add_column('ports', sa.Column('b', sa.Text))", back=never)
    texts = found("migrations.stairway", r1=PORTS, r2=r2, r3=r3, r4=SHIPS.replace("'r2', 'r1'", "'r4', 'r3'"))
    assert [text.split(" (")[0] for text in texts] == ["revision r2", "revision r3"]
    assert "NotImplementedError: no way back" in texts[0]
    assert "checks.accept" in texts[0]


def test_a_downgrade_that_changes_what_comes_after_it(found: Find) -> None:
    other = revision(
        "r2",
        "r1",
        up="""
gone = op.get_bind().exec_driver_sql("select to_regclass('ports_old') is null").scalar()
op.add_column('ports', sa.Column('size', sa.Text if gone else sa.Integer))
""",
        back="op.drop_column('ports', 'size')\nop.execute('create table ports_old ()')",
    )
    texts = found("migrations.stairway", r1=PORTS, r2=other)
    assert len(texts) == 2
    assert "ports_old" in texts[0]
    assert "expected the same schema when it is applied again" in texts[1]
    assert "size" in texts[1]


def test_not_null_without_a_value_for_rows_that_are_there(found: Find) -> None:
    strict = revision(
        "r2",
        "r1",
        up="op.add_column('ports', sa.Column('code', sa.Text, nullable=False))",
        back="op.drop_column('ports', 'code')",
    )
    (text,) = found("migrations.data", r1=PORTS, r2=strict)
    assert "expected that it can be applied where tables hold rows" in text
    assert 'column "code"' in text


def test_rows_and_values_that_get_lost(found: Find) -> None:
    copying = revision(
        "r2",
        "r1",
        up="""
op.execute('create table ports_new (id int primary key, name varchar(10))')
op.execute('alter table ports rename to ports_old')
op.execute('alter table ports_new rename to ports')
""",
        back="op.drop_table('ports')\nop.execute('alter table ports_old rename to ports')",
    )
    texts = found("migrations.data", r1=PORTS, r2=copying)
    assert "ports: expected that rows survive applying it; 3 of 3 rows are gone" in texts[0]


def test_a_value_that_a_cast_cuts_off(found: Find) -> None:
    cut = revision(
        "r2",
        "r1",
        up="""
op.alter_column('ports', 'name', type_=sa.String(5), postgresql_using='name::varchar(5)')
op.alter_column('ports', 'name', type_=sa.Text)
""",
    )
    texts = found("migrations.data", r1=PORTS, r2=cut)
    assert (
        "ports.name: expected that rows survive applying it; 2 of 3 values are not what they were" in texts[0]
    )


def test_a_statement_that_names_the_table_is_meant(found: Find) -> None:
    meant = revision("r2", "r1", up="op.execute('update ports set name = upper(name)')")
    assert found("migrations.data", r1=PORTS, r2=meant) == []


def test_what_a_function_does_cannot_be_known_and_is_taken_to_be_meant(found: Find) -> None:
    function = "create function shout() returns void language sql as 'update ports set name = upper(name)'"
    ports = PORTS.replace("def downgrade", f"    op.execute({function!r})\n\ndef downgrade")
    ports = ports.replace(
        "op.drop_table('ports')", "op.execute('drop function shout')\n    op.drop_table('ports')"
    )
    calling = revision("r2", "r1", up="op.execute('select shout()')")
    assert found("migrations.data", r1=ports, r2=calling) == []


def test_a_statement_that_names_another_table_excuses_nothing(found: Find) -> None:
    two = revision(
        "r1",
        None,
        up="""
op.execute('create table ports (id int primary key)')
op.execute('create table docks (n int)')
""",
        back="op.drop_table('ports')\nop.drop_table('docks')",
    )
    emptied = revision(
        "r2",
        "r1",
        up="""
op.execute('update docks set n = 1')
op.execute('alter table ports rename to ports_old')
op.execute('create table ports (like ports_old including all)')
""",
        back="op.drop_table('ports')\nop.execute('alter table ports_old rename to ports')",
    )
    texts = found("migrations.data", r1=two, r2=emptied)
    assert "ports: expected that rows survive applying it; 3 of 3 rows are gone" in texts[0]


def test_rows_are_made_as_constraints_allow(checked: Checked) -> None:
    statements = """
create type kind as enum ('tug', 'ferry');
create domain code as text check (value ~ '^[A-Z]{3}$' or value in ('none', 'n/a'));
create table fleets (id uuid primary key default gen_random_uuid(), name varchar(12) unique not null,
  status text not null check (status in ('active', 'laid up')), size smallint check (size between 1 and 40));
create table vessels (id bigint primary key, fleet uuid not null references fleets, kind kind not null,
  code code not null, crew int not null check (crew > 0), beam numeric(4, 1), tags text[], extra jsonb,
  seen timestamptz, during tstzrange, parent bigint references vessels, raw bytea,
  length int generated always as (crew * 2) stored, "Odd name" text not null);
create table voyages (vessel bigint references vessels, number int, primary key (vessel, number));
create table logs (voyage_vessel bigint not null, voyage_number int not null, at date,
  foreign key (voyage_vessel, voyage_number) references voyages (vessel, number));
create table flags (vessel bigint primary key references vessels deferrable initially deferred);
create function refuse() returns trigger language plpgsql as $$ begin raise 'never'; end $$;
create table closed (id int primary key);
create trigger no_rows before insert on closed for each row execute function refuse();
"""
    first = revision("r1", None, up=f"op.execute({statements!r})", back="pass")
    verdict = checked.migrations(
        r1=first, r2=revision("r2", "r1", up="op.execute('drop table closed')")
    ).check("migrations.data")
    assert [note for note in verdict.notes if "closed" not in note] == []
    (raised,) = verdict.findings
    assert "already exists" in raised.what  # its downgrade does nothing, so it cannot be applied again


def test_a_table_without_rows_is_told(checked: Checked) -> None:
    closed = revision(
        "r1",
        None,
        up="""
op.execute('create table ports (id int primary key)')
op.execute("create function refuse() returns trigger language plpgsql as $$ begin raise 'never'; end $$")
op.execute('create table closed (id int primary key)')
op.execute('create trigger no_rows before insert on closed for each row execute function refuse()')
""",
        back="op.execute('drop table ports, closed')\nop.execute('drop function refuse()')",
    )
    verdict = checked.migrations(r1=closed).check("migrations.data")
    assert verdict.passed, verdict
    assert verdict.notes == ("no row could be made in closed: never",)


_INSERTING = """
with engine_from_config(context.config.get_section("alembic")).begin() as connection:
    connection.exec_driver_sql("insert into ports (name) values ('again')")
"""


def test_a_second_run_that_does_something(found: Find, checked: Checked) -> None:
    env = checked.migrations(r1=PORTS).project.root / "migrations" / "env.py"
    text = env.read_text(encoding="utf-8")
    again = f"{text}\n{_INSERTING}"
    (said,) = found("migrations.rerun", env=again, r1=PORTS)
    assert "expected that a second run changes nothing" in said
    assert "ports" in said


def test_a_revision_that_does_nothing(found: Find) -> None:
    (empty,) = found(
        "migrations.empty", r1=PORTS, r2=revision("r2", "r1"), r3=SHIPS.replace("'r2', 'r1'", "'r3', 'r2'")
    )
    assert empty.startswith(
        "revision r2 (migrations/versions/r2.py): expected a change, found none; it executes nothing"
    )


def test_a_revision_whose_statements_change_nothing(found: Find) -> None:
    idle = revision("r2", "r1", up="op.execute('create table if not exists ports (id int)')")
    (text,) = found("migrations.empty", r1=PORTS, r2=idle)
    assert "although it executes 1 statements" in text


def test_a_revision_that_changes_rows_is_not_empty(found: Find) -> None:
    assert (
        found(
            "migrations.empty",
            r1=PORTS,
            r2=revision("r2", "r1", up="op.execute('update ports set name = 1')"),
        )
        == []
    )


ACCEPT = """
[[tool.seatrial.checks.accept]]
check = "migrations.empty"
where = "revision r2 *"
reason = "marks the release"
until = 2027-01-31
"""


def test_what_is_accepted_passes_until_its_day_and_is_told_when_it_is_gone(checked: Checked) -> None:
    checked.migrations(settings=ACCEPT, r1=PORTS, r2=revision("r2", "r1"))
    verdict = checked.check("migrations.empty", today=date(2027, 1, 31))
    assert verdict.passed
    assert len(verdict.accepted) == 1
    (expired,) = checked.check("migrations.empty", today=date(2027, 2, 1)).findings
    assert "accepted until 2027-01-31: marks the release" in expired.what
    (checked.project.root / "migrations/versions/r2.py").unlink()
    (unused,) = checked.check("migrations.empty", today=date(2027, 1, 1)).findings
    assert "it does not any more" in unused.what


def test_a_schema_that_does_not_come_from_alembic(checked: Checked) -> None:
    checked.project.write({"pyproject.toml": '[tool.seatrial.database]\nschema = { sql = ["x.sql"] }\n'})
    verdict = checked.check("migrations.stairway")
    assert not verdict.passed
    assert "the schema does not come from Alembic" in str(verdict)
