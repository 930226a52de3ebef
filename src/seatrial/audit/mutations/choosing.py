"""Which tests a mutant is shown to, and which of them compare whole schemas."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from seatrial.audit.mutations.reaching import reaches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seatrial.audit.mutations.mutant import Mutant
    from seatrial.ledger import Ledger
    from seatrial.postgres.catalog import Catalog

_CATALOGUES = frozenset(
    {"pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_index", "pg_indexes", "pg_policies"}
    | {"pg_policy", "pg_trigger", "pg_get_constraintdef", "pg_get_indexdef", "pg_get_triggerdef"}
    | {"information_schema"}
)
_COMPARING_CHECKS = ("seatrial::migrations.", "seatrial::schema.", "seatrial::rls.")
_CHECK = "seatrial::"


@dataclass(frozen=True)
class Group:
    """Tests of one file that run until one of them notices the mutant.

    Attributes:
        file: the file, relative to pytest's root folder.
        compares: whether they look at definitions in the server's catalogues.
        tests: their ids, in the order in which they ran.
    """

    file: str
    compares: bool
    tests: tuple[str, ...]


@dataclass
class Suite:
    """The tests of a suite, as its run without a mutant has shown them.

    Attributes:
        seconds: the id of each test that passed -> how long it took.
        comparing: those that compare definitions: no behaviour dies by them.
    """

    seconds: dict[str, float]
    comparing: frozenset[str]
    _files: dict[str, str] = field(repr=False)
    _touched: Mapping[str | None, frozenset[str]] = field(repr=False)

    @classmethod
    def of_ledger(cls, ledger: Ledger, catalog: Catalog, *, compares: Sequence[str] = ()) -> Suite:
        """Read a suite out of the ledger of its run.

        Args:
            ledger: of a run in which every test passed.
            catalog: of the tested database.
            compares: patterns of the ids of tests that compare schemas in a way no ledger shows.
        """
        passed = {test.id: test for test in ledger.tests if test.outcome in ("passed", "xfailed")}
        looks = {
            statement.test
            for statement in ledger.statements
            if statement.by != "application"
            # What a fixture reads there, to know what to do, is no comparison.
            and statement.phase == "call"
            and _reads_catalogues(ledger.names(statement))
        }
        comparing = {
            test
            for test in passed
            if test in looks
            or test.startswith(_COMPARING_CHECKS)
            or any(fnmatchcase(test, pattern) for pattern in compares)
        }
        return cls(
            seconds={test.id: test.ms / 1000 for test in passed.values()},
            comparing=frozenset(comparing),
            _files={test.id: test.file for test in passed.values()},
            _touched=ledger.relations_by_test(reaches=reaches(catalog)),
        )

    def touching(self, mutant: Mutant) -> list[Group]:
        """The tests that touch what a mutant changes, and all checks; those that compare schemas last."""
        return self._grouped([test for test in self.seconds if self._touches(test, mutant)])

    def others(self, mutant: Mutant) -> list[Group]:
        """All other tests: what a shared fixture or another process did for them is not in the ledger."""
        return self._grouped([test for test in self.seconds if not self._touches(test, mutant)])

    def everything(self) -> list[Group]:
        """All tests."""
        return self._grouped(list(self.seconds))

    def _touches(self, test: str, mutant: Mutant) -> bool:
        touched = self._touched.get(test, frozenset())
        return test.startswith(_CHECK) or not mutant.relations or not touched.isdisjoint(mutant.relations)

    def _grouped(self, tests: Sequence[str]) -> list[Group]:
        groups: dict[tuple[bool, str], list[str]] = {}
        for test in tests:
            groups.setdefault((test in self.comparing, self._files[test]), []).append(test)
        return [
            Group(file=file, compares=compares, tests=tuple(groups[compares, file]))
            for compares, file in sorted(groups, key=lambda key: key[0])
        ]


def _reads_catalogues(names: Sequence[Sequence[str]]) -> bool:
    return any(part in _CATALOGUES for chain in names for part in chain)
