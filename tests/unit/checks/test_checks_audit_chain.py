"""What a chain is made of is found out from the catalogue, and answers of all kinds are understood."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seatrial.checks.audit.answers import Answer, told
from seatrial.checks.audit.calling import PARAMETERS
from seatrial.checks.audit.entries import Entry, broken_links
from seatrial.checks.audit.trails import Chain, Trail, chain_of
from seatrial.checks.making.tables import Column, Constraint, Table
from seatrial.config import load_settings
from seatrial.config.settings import AuditTrail
from seatrial.errors import CheckError


def trail(columns: str, *keys: tuple[str, ...], **settings: Any) -> Trail:
    """A table of columns (`name type`, with commas) and keys, the primary one first."""
    pairs = [text.split() for text in columns.split(",")]
    made = [
        Column(
            name=name,
            type=kind.rstrip("+"),
            base=kind.rstrip("+"),
            category="N" if kind.startswith("int") else "S",
            modifier=-1,
            required=True,
            has_default=False,
            identity="a" if kind.endswith("+") else "",
            is_generated=False,
            number=number,
            labels=(),
            checks=(),
        )
        for number, (name, kind) in enumerate(pairs, 1)
    ]
    numbers = {column.name: column.number for column in made}
    constraints = [
        Constraint(
            name=f"k{position}",
            kind="u" if position else "p",
            columns=tuple(numbers[name] for name in key),
            definition="",
            refers_to=0,
            referred=(),
        )
        for position, key in enumerate(keys)
    ]
    table = Table(oid=1, schema="public", relation="log", columns=tuple(made), constraints=tuple(constraints))
    return Trail(settings=AuditTrail(table="log", **settings), table=table, source="checks.audit")


def found(made: Trail) -> tuple[list[str], str, str, str]:
    chain = chain_of(made)
    assert chain is not None
    return [key.name for key in chain.keys], chain.order.name, chain.previous.name, chain.hash.name


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (trail("id int8+,prev_hash text,hash text", ("id",)), ([], "id", "prev_hash", "hash")),
        (
            trail("id uuid,seq int8,hash bytea,previous_hash bytea", ("id",), ("seq",)),
            ([], "seq", "previous_hash", "hash"),
        ),
        (
            trail("tenant uuid,n int4,last_digest text,digest text", ("tenant", "n")),
            (["tenant"], "n", "last_digest", "digest"),
        ),
        (
            trail("id uuid,n int8+,parent_hash text,payload_hash text,hash text", ("id",)),
            ([], "n", "parent_hash", "hash"),
        ),
        (
            trail("id int8+,org text,a text,b text", ("id",), previous="a", hash="b", chain=("org",)),
            (["org"], "id", "a", "b"),
        ),
    ],
)
def test_the_columns_of_a_chain(made: Trail, expected: tuple[list[str], str, str, str]) -> None:
    assert found(made) == expected


def test_a_table_without_hashes_has_no_chain() -> None:
    assert chain_of(trail("id int8+,actor text", ("id",))) is None


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("id int8,prev_hash text,row_hash text,payload_hash text", "hash"),
        ("id uuid,prev_hash text,hash text", "order"),
    ],
)
def test_what_the_catalogue_does_not_tell_has_to_be_written(columns: str, key: str) -> None:
    with pytest.raises(CheckError, match=f"Write {key} = "):
        chain_of(trail(columns, ("id",)))


ROW = {"seq": "3", "id": "6f0c7a6e-0000-4000-8000-000000000003"}
OTHER = {"seq": "13", "id": "6f0c7a6e-0000-4000-8000-000000000013"}


class Point(NamedTuple):
    seq: int
    why: str


class Held:
    def __init__(self, **values: object) -> None:
        self.__dict__.update(values)


@dataclass
class Kept:
    items: tuple[str, ...]
    seq: int


@pytest.mark.parametrize("value", [None, True, [], (), (number for number in ())])
def test_nothing_is_broken(value: object) -> None:
    assert told(value).is_intact


@pytest.mark.parametrize(
    "value",
    [
        3,
        "3",
        uuid.UUID(ROW["id"]),
        [3],
        {3},
        [(3, "changed")],
        [Point(3, "changed")],
        Point(3, "changed"),
        [{"seq": 3, "found": 13}],
        [Held(seq=3, entries=13)],
        [Held(seq=3, items=[13])],
        Held(seq=3, items=13),
        Kept(items=("13",), seq=3),
        ["row 3: changed, of 20"],
        (number for number in (3, 4)),
    ],
)
def test_a_row_is_named(value: object) -> None:
    answer = told(value)
    assert answer.kind == "named"
    assert (answer.names(ROW), answer.names(OTHER)) == (True, False)


@pytest.mark.parametrize(
    "value", [False, [(None,)], Held(intact=False, entries=3), "33 rows", [{"count": 3}]]
)
def test_no_row_is_named(value: object) -> None:
    answer = told(value)
    assert not answer.is_intact
    assert not answer.names(ROW)


def test_what_was_raised_names_a_row_in_its_words() -> None:
    assert Answer(kind="raised", text="ValueError: entry 3 of 13").names(ROW)
    assert not Answer(kind="raised", text="ValueError: entry 33").names(ROW)


def test_moments_are_the_same_in_every_zone() -> None:
    moment = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert told([moment]).names({"at": "2024-02-29T12:00:00+00:00"})
    assert told([moment.astimezone(timezone(timedelta(hours=5)))]).names({"at": "2024-02-29T12:00:00+00:00"})


def entries(*rows: tuple[str, int, str, str]) -> list[Entry]:
    return [
        Entry(place=place, chain=(tenant,), order=order, previous=before, hash=own, identities={})
        for place, (tenant, order, before, own) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ([("a", 1, "", "x"), ("a", 2, "x", "y"), ("b", 1, "", "x"), ("b", 2, "x", "y")], []),
        ([("a", 1, "", "x"), ("a", 2, "x", "y"), ("a", 4, "y", "z")], ["log: gap"]),
        ([("a", 1, "", "x"), ("a", 2, "w", "y")], ["log: link"]),
        ([("a", 1, "", "x"), ("a", 2, "x", "y"), ("a", 3, "x", "z")], ["log: fork"]),
        ([("a", 1, "", "x"), ("a", 1, "x", "y")], ["log: order"]),
        ([("a", 1, "", "x"), ("a", 2, "x", "")], ["log.hash"]),
    ],
)
def test_breaks_of_a_chain(rows: list[tuple[str, int, str, str]], kinds: list[str]) -> None:
    chain = chain_of(trail("tenant text,n int8,previous_hash text,hash text", ("tenant", "n")))
    assert isinstance(chain, Chain)
    assert [finding.where for finding in broken_links(chain, entries(*rows))] == kinds


def test_the_example_and_the_parameters_of_the_documentation(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "checks.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(\[tool.seatrial.checks.audit\].*?)```", page, re.DOTALL)
    file = tmp_path / "pyproject.toml"
    file.write_text(example, encoding="utf-8")
    (read,) = load_settings(file).checks.audit
    assert (read.table, read.append, read.verify) == (
        "audit_log",
        "shop.audit:append_one",
        "shop.audit:broken",
    )
    table = page.partition("| parameter | is |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == PARAMETERS


@pytest.mark.parametrize("table", ["[[checks.audit]]", "[checks.audit]"])
def test_one_trail_or_several(tmp_path: Path, table: str) -> None:
    file = tmp_path / "seatrial.toml"
    file.write_text(f'{table}\ntable = "log"\nappend = "select log()"\nverify = "a.b:c"\n', encoding="utf-8")
    (read,) = load_settings(file).checks.audit
    assert read == AuditTrail(table="log", append="select log()", verify="a.b:c")
