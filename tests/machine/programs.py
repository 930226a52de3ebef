"""Random programs, and their text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.machine.operation import Operation
from tests.machine.operations_rows import ROWS
from tests.machine.operations_structure import STRUCTURE
from tests.machine.operations_work import WORK

if TYPE_CHECKING:
    from collections.abc import Callable

RESET = Operation(name="reset", variants=("",))
PUSH = Operation(name="push", variants=("",), noticed=True)
POP = Operation(name="pop", variants=("",), noticed=True)
PREPARE = Operation(
    name="prepared",
    variants=(
        "begin; insert into plain values ({n}, 'p'); select nextval('free'); prepare transaction 'p{n}'",
        "begin; update statuses set name = 'p' where id = {few}; prepare transaction 'p{n}'",
        "begin; insert into plain values ({n}, 'p'); prepare transaction 'p{n}'; commit prepared 'p{n}'",
    ),
)
RESTART = Operation(name="restart", variants=("",), structure=True, noticed=True, weight=0)
CONTROL = (RESET, PUSH, POP, PREPARE, RESTART)
OPERATIONS = {operation.name: operation for operation in (*ROWS, *WORK, *STRUCTURE, *CONTROL)}
_LONGEST = 30
_NUMBERS = 2**12
_STRUCTURAL_IN_TEN = 4
_RESTART_IN = 40


@dataclass(frozen=True)
class Step:
    """One operation, the number that fills it in, and the session that runs it."""

    operation: Operation
    number: int
    session: int

    def __str__(self) -> str:
        return f"{self.operation.name} {self.number} {self.session}"


@dataclass(frozen=True, repr=False)
class Program:
    """Steps in their order; a reset follows the last one."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.steps))

    __repr__ = __str__

    @property
    def structural(self) -> bool:
        """Whether a copy of the database is a fair answer to one of the steps."""
        return any(step.operation.structure for step in self.steps)

    @classmethod
    def parse(cls, text: str) -> Program:
        """The program that a failure printed."""
        steps = []
        for part in filter(None, text.split(", ")):
            name, number, session = part.rsplit(" ", 2)
            steps.append(Step(OPERATIONS[name], int(number), int(session)))
        return cls(tuple(steps))


def programs(lacking: frozenset[str]) -> st.SearchStrategy[Program]:
    """Programs without the operations that an engine lacks; the median length is 15.

    Four in ten change definitions too, and then often: each operation has to come up in every tenth program,
    and most programs have to be such as applications run all day.
    """

    @st.composite
    def program(draw: Callable[[st.SearchStrategy[int]], int]) -> Program:
        length = draw(_integers(_LONGEST))
        # Definitions come last in the choice, so that shrinking leaves them out where it can.
        structural = draw(_integers(9)) >= 10 - _STRUCTURAL_IN_TEN
        choice = _choice(lacking, structural)
        steps = []
        for _ in range(length):
            operation = choice[draw(_integers(len(choice) - 1))]
            number = draw(_integers(_NUMBERS - 1))
            steps.append(Step(operation, number // 2, number % 2))
        if "restart" not in lacking and length and draw(_integers(_RESTART_IN)) == _RESTART_IN:
            steps.insert(length // 2, Step(RESTART, 0, 0))
        return Program(tuple(steps))

    return program()


@cache
def _integers(highest: int) -> st.SearchStrategy[int]:
    return st.integers(0, highest)


@cache
def _choice(lacking: frozenset[str], structural: bool) -> tuple[Operation, ...]:
    plain = [operation for operation in (*ROWS, *WORK, *CONTROL) if operation.name not in lacking]
    if not structural:
        return tuple(operation for operation in plain for _ in range(operation.weight))
    changing = [operation for operation in STRUCTURE if operation.name not in lacking]
    # As often as all others together would be: half of the steps of such a program change definitions.
    return (*plain, *(changing * (len(plain) // len(changing))))
