"""The database breaks while requests are under way: all are answered, and what was acknowledged is stored."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from steps import PREFERENCES, another_application, refusal

pytestmark = pytest.mark.integration

_CALLERS = 8


class Load:
    """Callers that save one preference after the other, each under a key of its own."""

    def __init__(self, caller):
        self._caller = caller
        self._answered = asyncio.Condition()
        self.answers = {}

    @asynccontextmanager
    async def under_way(self):
        """Let all call while the block runs; at its end each waits for its last answer."""
        over = asyncio.Event()
        async with asyncio.timeout(60), asyncio.TaskGroup() as callers:
            for number in range(_CALLERS):
                callers.create_task(self._call(number, over))
            try:
                yield
            finally:
                over.set()

    async def more(self, status):
        """Wait until every caller has had a further answer with this status.

        After the first ones nobody opens a connection any more: asyncpg says farewell where it gives one up
        that is half open, and a silent database would let that wait for longer than the test lasts.
        """
        before = set(self.answers)
        async with self._answered:
            await self._answered.wait_for(lambda: len(self._answered_with(status, before)) == _CALLERS)

    async def _call(self, number, over):
        asked = 0
        while not over.is_set():
            key = f"{number}-{asked}"
            body = {"preference_key": key, "preference_value": {"of": key}}
            answer = await self._caller.post(PREFERENCES, json=body)
            async with self._answered:
                self.answers[key] = answer
                self._answered.notify_all()
            asked += 1

    def _answered_with(self, status, before):
        return {
            key.partition("-")[0]
            for key, answer in self.answers.items()
            if key not in before and answer.status_code == status
        }


@pytest.mark.parametrize("broken", ["terminate", "reset", "down", "hang"])
async def test_every_answer_is_true(identities, db, broken):
    # Who waits for a silent database does so for as long as the settings say.
    limits = {"database_timeout_seconds": 0.2} if broken == "hang" else {}
    async with another_application(identities["user-a"].headers, **limits) as caller:
        load = Load(caller)
        async with load.under_way():
            await load.more(201)
            with getattr(db.faults, broken)():
                await load.more(503)
            await load.more(201)

    refused = [answer for answer in load.answers.values() if answer.status_code != 201]
    assert {refusal(answer) for answer in refused} == {(503, "DATABASE_UNAVAILABLE")}
    rows = db.rows("SELECT preference_key, preference_value FROM user_preferences")
    saved = {row["preference_key"]: row["preference_value"] for row in rows}
    assert all(value == {"of": key} for key, value in saved.items())
    acknowledged = {key for key, answer in load.answers.items() if answer.status_code == 201}
    # A commit may have been the last thing that the database did before it went, so more may be there.
    assert acknowledged <= saved.keys() <= load.answers.keys()
