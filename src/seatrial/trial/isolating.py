"""What the isolation of each test asks for: before it, while it runs, and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.postgres.sessions import Sessions, Witness
from seatrial.postgres.sessions.breakouts import broke_out, somebody_else_wrote

if TYPE_CHECKING:
    from seatrial.config.settings import Isolation
    from seatrial.errors import IsolationError
    from seatrial.postgres.isolation import Replacing, Tally
    from seatrial.postgres.sessions.asynchronous import AsyncTestSession
    from seatrial.postgres.sessions.synchronous import SyncTestSession
    from seatrial.postgres.sessions.witness import Mark
    from seatrial.trial.database import TestDatabase
    from seatrial.trial.sqlite_database import SqliteDatabase


class Isolating:
    """Serves tests of different isolation on one database, one after the other.

    Args:
        database: the tested database.
        replacing: opens the block in which its sessions may be ended.
    """

    def __init__(self, database: TestDatabase | SqliteDatabase, replacing: Replacing) -> None:
        self._database = database
        self._replacing = replacing
        self._sessions: Sessions | None = None
        self._witness: Witness | None = None
        self._kept_clean_since: Mark | None = None
        """Since when tests have left nothing but moved sequences, as far as they told."""
        self._has_just_looked = False
        """Whether that is the end of the previous test, and so the beginning of this one, too."""
        self._alone_since: Mark | None = None
        """Since when the running test has to be the only one that writes."""
        self.current: Isolation = "reset"
        """How the running test is isolated."""

    @property
    def tally(self) -> Tally | None:
        """What isolation did so far; None before the database was opened."""
        return self._database.tally

    def restore(self, isolation: Isolation) -> None:
        """Give the next test the state its isolation promises.

        Raises:
            IsolationError: the database could not be brought back to its baseline.
        """
        if isolation == "rollback" and self._database.cluster is None:
            # One transaction would lock everybody else out of the file, which is restored as quickly.
            isolation = "reset"
        self.current = isolation
        self._look_back(next_isolation=isolation)
        if isolation == "clone":
            self._database.renew(self._replacing)
        elif isolation != "none" and not self._database.pristine:
            self._database.restore(self._replacing)
            self._has_just_looked = False

    @property
    def restores(self) -> bool:
        """Whether what the running test changes is undone as a whole after it."""
        return self.current in ("reset", "clone")

    def hand_over(self) -> None:
        """The test has the database from now on."""
        if self.current == "rollback":
            if not self._has_just_looked:
                self._kept_clean_since = self._asked().mark()
            self._has_just_looked = False
        else:
            self._database.hand_over()

    def note_foreign_test(self) -> None:
        """A test that does not use seatrial is next."""
        self._look_back(next_isolation="rollback")

    def open_session(self) -> SyncTestSession:
        """A synchronous session for the running test.

        Raises:
            IsolationError: this test has another session, which could not see what this one writes.
        """
        self._prepare("db_session")
        return self._opener().open(rollback=self.current == "rollback")

    def open_async_session(self) -> AsyncTestSession:
        """An asynchronous session for the running test.

        Raises:
            IsolationError: this test has another session, which could not see what this one writes.
        """
        self._prepare("async_db_session")
        return self._opener().open_async(rollback=self.current == "rollback")

    def refuse_in_rollback(self, fixture: str) -> None:
        """Refuse a second way to the database beside a session whose work is rolled back.

        Raises:
            IsolationError: see above.
        """
        if self.current == "rollback":
            raise broke_out(f"it uses `{fixture}` too, which does not see what the session has not committed")

    def check(self) -> list[IsolationError]:
        """What is wrong with the test, whose own part is over."""
        problems = self._sessions.check() if self._sessions else []
        return [*problems, *self._intruders(open_counts=False)]

    def close_session(self, opened: SyncTestSession | AsyncTestSession) -> list[IsolationError]:
        """Close a session of the test; what is wrong and was not told yet."""
        problems = self._opener().end(opened)
        found = [*problems, *self._intruders(open_counts=True)]
        self._alone_since = None
        return found

    def close(self) -> None:
        """Close the connections of our own."""
        if self._sessions is not None:
            self._sessions.close()
        if self._witness is not None:
            self._witness.close()

    def forget(self) -> None:
        """The database is another one now: what was known of the old one, and connections to it, go."""
        self.close()
        self._sessions = self._witness = None
        self._kept_clean_since = self._alone_since = None
        self._has_just_looked = False

    def _prepare(self, fixture: str) -> None:
        if self.current != "rollback":
            return
        if self._alone_since is not None:
            self.refuse_in_rollback(fixture)
        self._alone_since = self._asked().mark()

    def _intruders(self, *, open_counts: bool) -> list[IsolationError]:
        if self._alone_since is None:
            return []
        witness = self._asked()
        if witness.testimony(self._alone_since, open_counts=open_counts).testimony != "somebody":
            return []
        self._alone_since = None
        return [somebody_else_wrote(witness.sessions())]

    def _look_back(self, *, next_isolation: Isolation) -> None:
        """After tests in transactions the database is as it was, unless somebody wrote; sequences are not."""
        since, self._alone_since = self._kept_clean_since, None
        if since is None:
            return
        account = self._asked().testimony(since, open_counts=True)
        if next_isolation == "rollback" and account.testimony == "nobody":
            self._kept_clean_since, self._has_just_looked = account.until, True
            return
        self._kept_clean_since = None
        self._database.hand_over()

    def _opener(self) -> Sessions:
        if self._sessions is None:
            self._sessions = Sessions(self._database.server_address)
        return self._sessions

    def _asked(self) -> Witness:
        if self._witness is None:
            cluster = self._database.cluster
            assert cluster is not None  # only tests on PostgreSQL are rolled back
            self._witness = Witness(cluster, database=self._database.name)
        return self._witness
