"""Outcomes in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.audit.mutations.mutant import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seatrial.audit.mutations.outcome import Outcome
    from seatrial.audit.mutations.verdict import Verdict

_WORDS = {"killed": "killed", "compared": "compared", "refused": "refused", "survived": "SURVIVED"}


def line(outcome: Outcome) -> str:
    """A mutant, what became of it, and by which test."""
    state = outcome.state
    if state == "refused":
        how = f"the server refuses it: {outcome.unbuildable.splitlines()[0]}"
    elif state == "survived":
        how = f"none of {outcome.tried} tests failed"
    else:
        killer = outcome.by_behaviour or outcome.killers[0]
        how = f"{killer.test}: {killer.why}" if killer.why else killer.test
    return f"{_WORDS[state]:8}  {outcome.mutant.name}  ({how})"


def summary(outcomes: Sequence[Outcome], verdict: Verdict) -> Iterator[str]:
    """The rates, and what is wrong, in lines."""
    yield from _kinds(outcomes)
    yield ""
    yield from _files(outcomes)
    yield ""
    for outcome, rule in verdict.declared:
        yield f"declared until {rule.until} by {rule.owner}: {outcome.mutant.name} ({rule.reason})"
    yield from _wrong(verdict)
    yield _total(outcomes)


def _kinds(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield f"{'':26} mutants  killed  by behaviour"
    for kind in Kind:
        some = [outcome for outcome in outcomes if outcome.mutant.kind is kind]
        if some:
            yield f"{kind.value:26} {len(some):7}  {_killed(some):6}  {_by_behaviour(some):12}"


def _files(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "of the mutants that its tests touch, a file kills by behaviour:"
    files = sorted({file for outcome in outcomes for file in outcome.files})
    for file in files:
        touched = [outcome.files[file] for outcome in outcomes if file in outcome.files]
        yield f"  {_rate(sum(touched), len(touched))}  {file}"


def _wrong(verdict: Verdict) -> Iterator[str]:
    if verdict.undeclared or verdict.expired:
        yield "not noticed, and not declared:"
        for outcome in verdict.undeclared:
            yield f"  {outcome.mutant.name}: {_what_ran(outcome)}"
        for outcome, rule in verdict.expired:
            declared = f"(declared by {rule.owner} until {rule.until}: {rule.reason})"
            yield f"  {outcome.mutant.name}: {_what_ran(outcome)} {declared}"
        yield (
            "What to do: write a test that tries what the schema prevents, or declare the mutant under "
            "[[tool.seatrial.audit.survivors]]."
        )
    for rule in verdict.unneeded:
        yield f"declared, and no such mutant survives: {rule.mutant}. What to do: remove the entry."


def _what_ran(outcome: Outcome) -> str:
    if outcome.state == "compared":
        return f"of {outcome.tried} tests only those failed that look at definitions, not at behaviour"
    return f"none of {outcome.tried} tests failed"


def _total(outcomes: Sequence[Outcome]) -> str:
    whole = len(outcomes)
    killed, behaviour, refused = _killed(outcomes), _by_behaviour(outcomes), _refused(outcomes)
    return (
        f"{killed} of {whole} mutants killed ({_rate(killed, whole).strip()}); without tests that compare "
        f"schemas {behaviour} ({_rate(behaviour, whole).strip()}); {refused} of them refused by the server"
    )


def _killed(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.state != "survived" for outcome in outcomes)


def _by_behaviour(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.state in ("killed", "refused") for outcome in outcomes)


def _refused(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.state == "refused" for outcome in outcomes)


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    - %"
