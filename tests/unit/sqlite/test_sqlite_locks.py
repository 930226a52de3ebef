"""Waiting for a lock comes to an end."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from seatrial.sqlite.locks import alone, copy


@pytest.mark.timeout(30)
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_copy_into_a_locked_file_gives_up(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "a.db"
    with contextlib.ExitStack() as stack:
        source, target, holder = (
            stack.enter_context(contextlib.closing(sqlite3.connect(place, isolation_level=None, timeout=0)))
            for place in (":memory:", file, file)
        )
        target.execute(f"pragma journal_mode = {mode}")
        target.execute("create table t (x)")
        assert alone(target, patience=0)
        holder.execute("begin immediate")
        assert not alone(target, patience=0)
        with pytest.raises(sqlite3.OperationalError, match="stayed locked"):
            copy(source, target)
        holder.execute("rollback")
        copy(source, target)
        assert holder.execute("select name from sqlite_master").fetchall() == []
