"""Runs statements: scripted by the test, or for real in the data of the workspace."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.statements import failures
from seatrial.fakes.databricks.statements.failures import StatementFailure
from seatrial.fakes.databricks.statements.results import INLINE_BYTES, Chunks, Rows
from seatrial.fakes.databricks.statements.script import StatementScript, scripted, scripted_rows
from seatrial.fakes.request import Unserved
from seatrial.fakes.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seatrial.fakes.databricks.fake import DatabricksFake
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.statements.sessions import Session
    from seatrial.fakes.databricks.statements.statement import Statement

CHUNK_ROWS = 10_000


class Statements:
    """The statements of a workspace.

    Tests script them, from any thread. The rest is for the routes, in the loop of the fakes.

    Args:
        fake: the workspace.

    Attributes:
        chunk_rows: the most rows of a chunk of a result.
    """

    def __init__(self, fake: DatabricksFake) -> None:
        self._fake = fake
        self._lock = threading.Lock()
        self._known: dict[str, Statement] = {}
        self.sessions: dict[str, Session] = {}
        self.script = StatementScript()
        self.chunk_rows = CHUNK_ROWS

    def reply(
        self,
        columns: Mapping[str, str],
        rows: Iterable[Sequence[Any]] = (),
        *,
        when: str | None = None,
        times: int | None = 1,
        polls: int = 0,
    ) -> None:
        """Answer the next statements with this result; they are not run.

        Args:
            columns: name -> type as Databricks writes it.
            rows: each a value for each column: a text as the service writes it, or None; what else JSON can
                hold becomes such a text.
            when: only statements that contain this, in any case.
            times: how many statements; None: all of this test.
            polls: how often clients are told that it is still running.

        Raises:
            FakeError: an argument is not what is expected.
        """
        result = scripted_rows(columns, rows)
        written = f"statements.reply({', '.join(columns)})"
        self.script.add(scripted(written, when=when, times=times, polls=polls, rows=result))

    def fail(
        self,
        condition: str,
        message: str,
        *,
        sql_state: str,
        when: str | None = None,
        times: int | None = 1,
        polls: int = 0,
    ) -> None:
        """Let the next statements fail as the service lets them: status 200, state FAILED.

        Args:
            condition: such as `TABLE_OR_VIEW_NOT_FOUND`.
            message: what follows it.
            sql_state: five characters.
            when: only statements that contain this, in any case.
            times: how many statements; None: all of this test.
            polls: how often clients are told that it is still running.

        Raises:
            FakeError: an argument is not what is expected.
        """
        failure = StatementFailure(condition, message, sql_state=sql_state)
        written = f"statements.fail({condition})"
        self.script.add(scripted(written, when=when, times=times, polls=polls, failure=failure))

    def slow(self, polls: int, *, when: str | None = None, times: int | None = 1) -> None:
        """Run the next statements, and tell clients so many times that they are still running.

        No time passes: the first answer comes at once, as if its `wait_timeout` were over.

        Raises:
            FakeError: an argument is not what is expected.
        """
        self.script.add(scripted(f"statements.slow({polls})", when=when, times=times, polls=polls))

    def find(self, identifier: str) -> Statement | None:
        """The statement with this id, if there is one."""
        with self._lock:
            return self._known.get(identifier)

    def session_of(self, statement: Statement) -> Session | None:
        """The session that a statement belongs to, if it is one of its owner's."""
        found = self.sessions.get(statement.submission.session or "")
        return found if found is not None and found.owner == statement.owner else None

    def start(self, statement: Statement, caller: Person) -> None:
        """Begin to run it; its `work` is done when it is over."""
        scripted = self.script.take(statement.submission.statement)
        with self._lock:
            self._known[statement.id] = statement
        statement.state = "RUNNING"
        if scripted is not None:
            statement.polls = scripted.polls
            if scripted.failure is not None or scripted.rows is not None:
                self._end(statement, scripted.rows, scripted.failure)
                return
        statement.work = asyncio.create_task(self._run(statement, caller))

    def cancel(self, statement: Statement) -> None:
        """End it, if it is not over."""
        statement.cancel()
        if statement.state == "CANCELED":
            self._fake.data.interrupt(statement.id)

    def clear(self) -> None:
        """Forget everything; what still runs is interrupted."""
        with self._lock:
            known, self._known = self._known, {}
        for statement in known.values():
            if statement.state == "RUNNING":
                statement.state = "CANCELED"
                self._fake.data.interrupt(statement.id)
        self.sessions.clear()
        self.script.clear()
        self.chunk_rows = CHUNK_ROWS

    async def _run(self, statement: Statement, caller: Person) -> None:
        rows: Rows | None = None
        failure: StatementFailure | None = None
        try:
            rows = await in_thread(lambda it: self._fake.data.run(it, caller), statement)
        except StatementFailure as failed:
            failure = failed
        except Unserved as unserved:
            statement.lacking = unserved.what
        except Exception as error:  # noqa: BLE001 - a defect of ours or of the project's files: the test is told
            if statement.state == "CANCELED":
                return
            self._fake.note_problem(f"the statement {statement.submission.statement!r} raised {error!r}")
            failure = StatementFailure("INTERNAL_ERROR", "the fake could not run it", sql_state="XX000")
        if statement.state != "CANCELED":
            self._end(statement, rows, failure)

    def _end(self, statement: Statement, rows: Rows | None, failure: StatementFailure | None) -> None:
        asked = statement.submission
        if rows is not None:
            limited = _limited(rows, asked.row_limit)
            # The SQL connector, which gets inline what it would fetch by links, reads one chunk only.
            inline = asked.session is not None
            size = max(len(limited.rows), 1) if inline else self.chunk_rows
            chunks = Chunks(limited, size=size, format=asked.format)
            if not (asked.external or inline) and chunks.total_bytes > INLINE_BYTES:
                failure = failures.too_large(INLINE_BYTES)
            else:
                statement.chunks = chunks
        statement.failure = failure
        statement.state = "SUCCEEDED" if failure is None else "FAILED"


def _limited(rows: Rows, limit: int | None) -> Rows:
    if limit is None or len(rows.rows) <= limit:
        return rows
    return Rows(columns=rows.columns, rows=rows.rows[:limit], truncated=True)
