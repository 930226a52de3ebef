"""While the engine waits for the server, the threads of the application go on."""

from __future__ import annotations

import threading

import pytest

from seatrial.postgres.isolation.wal.session import Session

LOCK = "select pg_advisory_lock(7)"


@pytest.mark.parametrize("way", ["query", "pipeline"])
def test_a_thread_can_give_up_the_lock_that_the_engine_waits_for(sea, way):
    holder = sea.connect(login="admin")
    holder.execute(LOCK)
    engine = Session(sea.cluster, "tested", prepared={"lock": LOCK})
    waits = f"select from pg_locks where pid = {engine.pid} and not granted".encode()

    def give_up_when_awaited() -> None:
        while holder.execute(waits).fetchone() is None:
            pass
        holder.execute("select pg_advisory_unlock(7)")

    thread = threading.Thread(target=give_up_when_awaited)
    thread.start()
    try:
        rows = engine.query(LOCK) if way == "query" else engine.pipeline([("lock", ())])
    finally:
        thread.join()
        engine.close()
    assert rows == [[("",)]]


def test_a_statement_that_fills_the_socket_arrives(sea):
    engine = Session(sea.cluster, "tested")
    text = "x" * 10_000_000
    assert engine.query(f"select length('{text}')") == [[("10000000",)]]
    engine.close()
