"""A project's migrations as checks see them: their history, and walks over it in a child process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from seatrial.checks.finding import Finding, Inapplicable
from seatrial.postgres.catalog import Catalog
from seatrial.postgres.template.alembic_files import AlembicFiles
from seatrial.postgres.template.child import run_step
from seatrial.postgres.template.verify import COMMIT, verify_revision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seatrial.checks.ground import Ground, Scratch

_WORKER = "seatrial.checks.migrations.worker"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision, in the order of an upgrade.

    Attributes:
        id: its id.
        down: the revisions it follows.
        title: the first line of its docstring.
        file: where it is, relative to the project where it lies below it.
    """

    id: str
    down: tuple[str, ...]
    title: str
    file: str

    @property
    def is_merge(self) -> bool:
        """Whether it joins branches."""
        return len(self.down) > 1

    def __str__(self) -> str:
        return f"revision {self.id} ({self.file})"


@dataclass(frozen=True, kw_only=True)
class History:
    """What the script folder says.

    Attributes:
        revisions: all of them, each after those it follows.
        heads: those that none follows.
        bases: those that follow none.
    """

    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    bases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The database after one step of a walk.

    Attributes:
        revision: what was applied or taken back.
        direction: `up` or `down`.
        seconds: how long it took, env.py included.
        catalog: the schema after it.
        statements: what it executed, Alembic's own bookkeeping left out.
        tables_with_rows: tables in which there are rows now.
        without_rows: tables in which no row could be made, and why.
        changed: what became of rows that were there before it.
    """

    revision: str
    direction: str
    seconds: float
    catalog: Catalog
    statements: tuple[str, ...]
    tables_with_rows: tuple[str, ...]
    without_rows: dict[str, str]
    changed: tuple[dict[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The step that a walk could not do."""

    revision: str
    direction: str
    message: str
    traceback: str


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The stops of a walk, and the steps that could not be done.

    A revision that could not be applied ends it; one that could not be taken back does not.
    """

    stops: tuple[Stop, ...]
    failures: tuple[Failure, ...]


class Migrations:
    """The migrations of a project.

    Args:
        ground: the server, and the settings that name Alembic's configuration.

    Raises:
        Inapplicable: the schema does not come from Alembic.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        name = ground.database.schema.alembic
        if name is None:
            raise Inapplicable("the schema does not come from Alembic")
        self.files = AlembicFiles.read(ground.settings.root, name)

    @cached_property
    def history(self) -> History:
        """What the script folder says; read without a database."""
        with self._ground.empty() as scratch:
            found = self.ask(scratch, "history")
        return History(
            revisions=tuple(
                Revision(id=each["id"], down=tuple(each["down"]), title=each["title"], file=each["file"])
                for each in found["revisions"]
            ),
            heads=tuple(found["heads"]),
            bases=tuple(found["bases"]),
        )

    def walk(self, scratch: Scratch, moves: Sequence[tuple[str, str]], *, with_rows: bool = False) -> Walk:
        """Apply and take back revisions, one after the other, in one process.

        Args:
            scratch: the database.
            moves: direction (`up` or `down`) and revision.
            with_rows: whether to make rows in every table after each step, and to look what became of them.
        """
        found = self.ask(
            scratch,
            "walk",
            moves=[list(move) for move in moves],
            with_rows=with_rows,
            admin={**scratch.cluster.admin, "dbname": scratch.name},
        )
        stops = tuple(
            Stop(**{**stop, "catalog": Catalog.from_json(stop["catalog"]), **_tuples(stop)})
            for stop in found["stops"]
        )
        return Walk(stops=stops, failures=tuple(Failure(**failure) for failure in found["failures"]))

    def upgrade(self, scratch: Scratch) -> None:
        """Migrate to the head.

        Raises:
            TemplateError: it could not be done, or nothing of it was committed.
        """
        head = self.ask(scratch, "upgrade")
        with scratch.connect() as connection:
            verify_revision(connection, head)

    def ask(self, scratch: Scratch, step: str, **request: Any) -> Any:
        """Have one step done by the project's own code, in the application's environment.

        Raises:
            TemplateError: it could not be done at all.
        """
        from seatrial.postgres.template.build import driver_of  # noqa: PLC0415 - loads the driver

        return run_step(
            step,
            root=self._ground.settings.root,
            environment=scratch.environment,
            worker=_WORKER,
            config=str(self.files.config),
            toml=self.files.toml,
            url=scratch.address().url(driver_of(self.files)),
            **request,
        )


def failed(failure: Failure, revision: object) -> Finding:
    """The finding for a step that could not be done."""
    done = "applied" if failure.direction == "up" else "taken back"
    return Finding(
        where=str(revision),
        what=f"expected that it can be {done}; it raised {failure.message}",
        remedy=_remedy(failure),
        detail=failure.traceback,
    )


def _remedy(failure: Failure) -> str:
    if "NotImplementedError" in failure.message:
        return (
            "write its downgrade; one that cannot be taken back on purpose is accepted, with a reason, in "
            "[[tool.seatrial.checks.accept]]"
        )
    if "NotCommittedError" in failure.message:
        return COMMIT
    return "mend the revision, which runs as the owner of the database here, as in the template"


def _tuples(stop: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(stop[key]) for key in ("statements", "changed", "tables_with_rows")}
