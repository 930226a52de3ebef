"""Which records of the log count, and as what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seatrial.postgres.isolation.wal.records import Change, classify
from seatrial.postgres.isolation.wal.relations import FileKey, Relation

DEFAULT, SHARED, ELSEWHERE = 1663, 1664, 70000


def relation(oid: int, kind: str, name: str = "public.t", *, catalogue: bool = False) -> Relation:
    return Relation(oid=oid, name=name, kind=kind, is_catalogue=catalogue, is_unlogged=False)


RELATIONS = {
    FileKey(DEFAULT, 1): relation(101, "r"),
    FileKey(ELSEWHERE, 1): relation(201, "r"),
    FileKey(DEFAULT, 2): relation(102, "i"),
    FileKey(DEFAULT, 3): relation(103, "t"),
    FileKey(DEFAULT, 4): relation(104, "S"),
    FileKey(DEFAULT, 5): relation(105, "m"),
    FileKey(DEFAULT, 6): relation(1259, "r", "pg_class", catalogue=True),
    FileKey(DEFAULT, 7): relation(2619, "r", "pg_statistic", catalogue=True),
    FileKey(DEFAULT, 8): relation(2613, "r", "pg_largeobject", catalogue=True),
    FileKey(SHARED, 9, is_shared=True): relation(1260, "r", "pg_authid", catalogue=True),
    FileKey(SHARED, 10, is_shared=True): relation(1214, "r", "pg_shdepend", catalogue=True),
    FileKey(SHARED, 11, is_shared=True): relation(2676, "i", "pg_authid_rolname_index", catalogue=True),
}
TABLE = Change(FileKey(DEFAULT, 1), "Heap", "INSERT", frozenset({3}))


def at(filenode: int, *, tablespace: int = DEFAULT, shared: bool = False) -> Change:
    return replace(TABLE, file=FileKey(tablespace, filenode, shared))


@pytest.mark.parametrize(
    ("manager", "record"),
    [
        ("Heap", "INSERT"),
        ("Heap", "INSERT+INIT"),
        ("Heap", "DELETE"),
        ("Heap", "UPDATE"),
        ("Heap", "UPDATE+INIT"),
        ("Heap", "HOT_UPDATE"),
        ("Heap2", "MULTI_INSERT"),
        ("Heap2", "MULTI_INSERT+INIT"),
        ("XLOG", "FPI"),
        ("Generic", "Generic"),
        ("custom128", "ANYTHING"),
        ("Heap", "A_KIND_OF_A_LATER_VERSION"),
    ],
)
def test_records_that_change_a_table(manager: str, record: str) -> None:
    assert classify([replace(TABLE, manager=manager, record=record)], RELATIONS).tables == {101: {3}}


@pytest.mark.parametrize(
    ("manager", "record"),
    [
        ("Heap", "LOCK"),
        ("Heap", "INPLACE"),
        ("Heap", "HEAP_CONFIRM"),
        ("Heap", "TRUNCATE"),
        ("Heap2", "PRUNE_ON_ACCESS"),
        ("Heap2", "PRUNE_VACUUM_SCAN"),
        ("Heap2", "PRUNE_VACUUM_CLEANUP"),
        ("Heap2", "VISIBLE"),
        ("Heap2", "LOCK_UPDATED"),
        ("Heap2", "NEW_CID"),
        ("XLOG", "FPI_FOR_HINT"),
        ("Btree", "INSERT_LEAF"),
        ("Gin", "INSERT"),
    ],
)
def test_records_that_change_nothing_a_query_sees(manager: str, record: str) -> None:
    found = classify([replace(TABLE, manager=manager, record=record)], RELATIONS)
    assert not found.tables


def test_blocks_of_one_table_are_gathered() -> None:
    changes = [TABLE, replace(TABLE, record="DELETE", blocks=frozenset({3, 8}))]
    assert classify(changes, RELATIONS).tables == {101: {3, 8}}


def test_a_file_is_told_by_its_tablespace_too() -> None:
    assert classify([at(1, tablespace=ELSEWHERE)], RELATIONS).tables == {201: {3}}
    assert classify([at(1, tablespace=99)], RELATIONS).unknown == {FileKey(99, 1)}


@pytest.mark.parametrize("filenode", [2, 3])
def test_indexes_and_toast_follow_their_table(filenode: int) -> None:
    found = classify([at(filenode), replace(at(filenode), manager="XLOG", record="FPI")], RELATIONS)
    assert not found.tables
    assert not found.unknown


def test_the_other_kinds_of_relation() -> None:
    found = classify([at(4), at(5), at(6), at(7), at(8), at(12)], RELATIONS)
    assert found.sequences == {104}
    assert found.views == {105}
    assert found.catalogues == {"pg_class"}
    assert found.large_objects
    assert found.unknown == {FileKey(DEFAULT, 12)}
    assert not found.tables
    assert not found.shared


@pytest.mark.parametrize(("filenode", "counts"), [(9, True), (10, False), (11, False), (12, True)])
def test_shared_catalogues(filenode: int, *, counts: bool) -> None:
    found = classify([at(filenode, tablespace=SHARED, shared=True)], RELATIONS)
    assert found.shared is counts
    assert not found.catalogues
    assert not found.unknown
