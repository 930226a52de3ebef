"""Requests that meet at a lock of the database, so that they are certainly under way together."""

import asyncio
from contextlib import contextmanager

_WAITING = (
    "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE NOT l.granted AND d.datname = current_database()"
)


@contextmanager
def writes_held(db, table):
    """Hold back whoever writes to a table, while everybody may read it."""
    db.execute("BEGIN")
    db.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        db.execute("COMMIT")


async def at_once(db, table, requests):
    """Send requests together; none that writes to the table goes on before all of them have come to it."""
    together = asyncio.Barrier(len(requests))

    async def send(request):
        await together.wait()
        return await request

    with writes_held(db, table):
        sent = [asyncio.create_task(send(request)) for request in requests]
        async with asyncio.timeout(60):
            while db.scalar(_WAITING) < len(requests):  # noqa: ASYNC110 - the event is in another process
                await asyncio.sleep(0.005)
    return await asyncio.gather(*sent)
