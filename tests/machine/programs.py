"""Random programs, and their text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from hypothesis import strategies as st

from tests.machine.operation import Operation
from tests.machine.operations_rows import ROWS
from tests.machine.operations_structure import STRUCTURE
from tests.machine.operations_work import WORK

RESET = Operation(name="reset", variants=("",))
PUSH = Operation(name="push", variants=("",), noticed=True, weight=3)
POP = Operation(name="pop", variants=("",), noticed=True, weight=2)
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
_NUMBERS = 2**11
_STRUCTURAL = 0.5
_FEW, _MOST = 0.15, 0.9
_RESTARTED = 0.02


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

    # Hypothesis would vary one program again and again; what is wanted is many that have nothing in common.
    return st.randoms(use_true_random=True).map(lambda random: _program(random, lacking))


def _program(random: Random, lacking: frozenset[str]) -> Program:
    plain, structure = _choices(lacking)
    # Where all is changed a copy undoes all: one change among many writes asks more of an engine.
    share = random.choice((_FEW, _MOST)) if random.random() < _STRUCTURAL else 0.0
    steps = [
        Step(
            random.choice(structure if random.random() < share else plain),
            random.randrange(_NUMBERS),
            random.randrange(2),
        )
        for _ in range(random.randint(0, _LONGEST))
    ]
    if "restart" not in lacking and steps and random.random() < _RESTARTED:
        steps.insert(random.randrange(len(steps)), Step(RESTART, 0, 0))
    return Program(tuple(steps))


@cache
def _choices(lacking: frozenset[str]) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
    plain = (operation for operation in (*ROWS, *WORK, *CONTROL) for _ in range(operation.weight))
    return (
        tuple(operation for operation in plain if operation.name not in lacking),
        tuple(operation for operation in STRUCTURE if operation.name not in lacking),
    )
