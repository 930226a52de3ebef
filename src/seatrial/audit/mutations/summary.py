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
    for outcome, rule in verdict.declared:
        yield f"declared until {rule.until} by {rule.owner}: {outcome.mutant.name} ({rule.reason})"
    yield from _wrong(verdict)
    yield _total(outcomes)


def _kinds(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield f"{'':26} mutants  killed  by behaviour  refused"
    for kind in Kind:
        some = [outcome for outcome in outcomes if outcome.mutant.kind is kind]
        if some:
            counts = f"{len(some):7}  {_killed(some):6}  {_by_behaviour(some):12}  {_refused(some):7}"
            yield f"{kind.value:26} {counts}"


def _files(outcomes: Sequence[Outcome]) -> Iterator[str]:
    files = sorted({file for outcome in outcomes for file in outcome.files})
    if not files:
        return
    yield "of the mutants that its tests touch, a file kills by behaviour:"
    for file in files:
        touched = [outcome.files[file] for outcome in outcomes if file in outcome.files]
        yield f"  {_rate(sum(touched), len(touched))}  {file}"
    yield ""


def _wrong(verdict: Verdict) -> Iterator[str]:
    if verdict.undeclared or verdict.expired:
        yield "not noticed, and not declared:"
        yield from (f"  {_alive(outcome)}" for outcome in verdict.undeclared)
        for outcome, rule in verdict.expired:
            declared = f"declared by {rule.owner} until {rule.until}: {rule.reason}"
            yield f"  {_alive(outcome)}, {declared}"
        yield (
            "What to do: write a test that tries what the schema prevents, or declare the mutant under "
            "[[tool.seatrial.audit.survivors]]."
        )
    for rule in verdict.unneeded:
        yield f"declared, and no such mutant survives: {rule.mutant}. What to do: remove the entry."


def _alive(outcome: Outcome) -> str:
    compared = ", noticed by tests of definitions only" if outcome.state == "compared" else ""
    return f"{outcome.mutant.name}{compared}"


def _total(outcomes: Sequence[Outcome]) -> str:
    whole, refused = len(outcomes), _refused(outcomes)
    killed, behaviour, made = _killed(outcomes), _by_behaviour(outcomes), whole - refused
    refusals = f", {refused} of them by the server, which refuses to make them" if refused else ""
    return (
        f"killed: {killed} of {whole} ({_rate(killed, whole).strip()}){refusals}; of the {made} that were "
        f"made, by behaviour: {behaviour} ({_rate(behaviour, made).strip()})"
    )


def _killed(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.state != "survived" for outcome in outcomes)


def _by_behaviour(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.state == "killed" for outcome in outcomes)


def _refused(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.state == "refused" for outcome in outcomes)


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    - %"
