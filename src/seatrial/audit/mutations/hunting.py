"""Showing every mutant to the tests that should notice it, with several processes at once."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from seatrial.audit.mutations.outcome import Killed, Outcome
from seatrial.audit.mutations.protocol import Done, Order
from seatrial.audit.mutations.runner import SilentError
from seatrial.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seatrial.audit.mutations.choosing import Group, Suite
    from seatrial.audit.mutations.mutant import Mutant
    from seatrial.audit.mutations.runner import Runner

_PATIENCE_S = 30.0
_SLOWER = 10


class Hunt:
    """Shows mutants to a suite.

    Args:
        suite: its tests.
        start: starts a process that runs them.
    """

    def __init__(self, suite: Suite, start: Callable[[], Runner]) -> None:
        self._suite = suite
        self._start = start
        # A test may wait for a lock or a timeout that never comes; that is a kill, not an accident.
        self._patience = _PATIENCE_S + _SLOWER * max(suite.seconds.values(), default=0.0)

    def all(self, mutants: Sequence[Mutant], runners: Sequence[Runner]) -> Iterator[Outcome]:
        """What became of each, as soon as it is known.

        Args:
            mutants: which.
            runners: processes that are ready; they are closed at the end.

        Raises:
            AuditError: tests fail without a mutant, before or after, or a process could not go on.
        """
        waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
        for mutant in mutants:
            waiting.put(mutant)
        found: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=self._work, args=[runner, waiting, found], daemon=True)
            for runner in runners
        ]
        for thread in threads:
            thread.start()
        working = len(threads)
        while working:
            outcome = found.get()
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is None:
                working -= 1
            else:
                yield outcome

    def _work(
        self,
        runner: Runner,
        waiting: queue.SimpleQueue[Mutant],
        found: queue.SimpleQueue[Outcome | BaseException | None],
    ) -> None:
        try:
            self._control(runner, when="before the first mutant")
            while True:
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    break
                outcome = Outcome(mutant)
                touching = self._suite.touching(mutant)
                # Of files that touch it, the rate is told; the others may know of it, and need not.
                outcome.files = {group.file: False for group in touching if not group.compares}
                runner = self._show(outcome, touching, runner)
                others = self._suite.others(mutant)
                if others and not outcome.passes:
                    runner = self._show(outcome, others, runner)
                found.put(outcome)
            self._control(runner, when="after the last mutant")
            found.put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the outcomes are read
            found.put(error)
        finally:
            runner.close()

    def _show(self, outcome: Outcome, groups: Sequence[Group], runner: Runner) -> Runner:
        """Run tests on a mutant; the runner that is left, which is another one if a test did not end."""
        group_of = {test: group for group in groups for test in group.tests}
        order = Order(list(outcome.mutant.statements), [list(group.tests) for group in groups])
        try:
            for message in runner.obey(order, patience=self._patience):
                if isinstance(message, Done):
                    outcome.unbuildable = message.unbuildable
                    _refuse_broken(message, outcome.mutant)
                    continue
                outcome.tried += 1
                if message.failed:
                    _note(outcome, group_of[message.test], message.test, message.why)
        except SilentError as silent:
            if not silent.test:
                raise _silent(outcome.mutant.name) from None
            _note(
                outcome, group_of[silent.test], silent.test, f"it did not end within {self._patience:.0f} s"
            )
            runner.close()
            runner = self._start()
            self._control(runner, when="in a new process")
        return runner

    def _control(self, runner: Runner, *, when: str) -> None:
        """All tests pass without a mutant, or no failure on one says anything."""
        order = Order([], [list(group.tests) for group in self._suite.everything()], all=True)
        failed = []
        try:
            for message in runner.obey(order, patience=self._patience):
                if isinstance(message, Done):
                    _refuse_broken(message, None)
                    continue
                if message.failed:
                    failed.append(f"{message.test} ({message.failed}): {message.why}")
        except SilentError as silent:
            failed.append(f"{silent.test or 'the first test'} did not end within {self._patience:.0f} s")
        if failed:
            raise AuditError(
                f"Tests fail on the unchanged schema, {when}: what they say of mutants means nothing.",
                code="mutations.control",
                detail="\n".join(failed),
                remedy="They leave something in the process that runs them, or depend on their order: mend "
                "that, or leave them out with --deselect.",
            )


def _silent(where: str) -> AuditError:
    return AuditError(
        f"No test began on {where}.",
        code="mutations.broken",
        remedy="See whether the application starts; if it does, please report it.",
    )


def _note(outcome: Outcome, group: Group, test: str, why: str) -> None:
    outcome.killers.append(Killed(test, why, group.compares))
    if not group.compares and group.file in outcome.files:
        outcome.files[group.file] = True


def _refuse_broken(done: Done, mutant: Mutant | None) -> None:
    if done.broken:
        raise AuditError(
            f"No test could be run on {mutant.name if mutant else 'the unchanged schema'}.",
            code="mutations.broken",
            detail=done.broken,
            remedy="Mend what is said above; if it speaks of seatrial itself, please report it.",
        )
