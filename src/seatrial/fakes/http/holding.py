"""Requests and answers, held against the OpenAPI document of a fake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from seatrial.fakes.http.openapi.operations import Operation
    from seatrial.fakes.http.openapi.rules import Rules
    from seatrial.fakes.http.routes import Place
    from seatrial.fakes.http.table import Match
    from seatrial.fakes.request import Request

_BAD_REQUEST = 400
_CRASHED = 500
# With these a service says itself that the request was wrong: then it may be.
_REFUSALS = (400, 422)


@dataclass(frozen=True, kw_only=True)
class Held:
    """An answer that may be sent, and what must fail the test."""

    answer: Answer
    problems: tuple[str, ...] = ()


def load_rules(option: Any, *, root: Path | None, fake: str) -> Rules | None:
    """The rules of the document that the option `openapi` names; None without the option.

    Raises:
        FakeError: the option is no path, the document cannot be used, or the extra `fakes` is missing.
    """
    if option is None:
        return None
    if not isinstance(option, str) or not option:
        raise FakeError(
            f"The fake {fake!r} expects openapi as the path of a file, found {option!r}.",
            code="fakes.options",
            remedy='Write openapi = "payments.yaml", relative to the folder of the settings.',
        )
    from seatrial.fakes.http.openapi.rules import Rules  # noqa: PLC0415 - start-up time

    try:
        return Rules(Path(option) if root is None else root / option)
    except ImportError as missing:
        raise FakeError(
            f"An OpenAPI document needs openapi-schema-validator and PyYAML; importing failed: {missing}.",
            code="fakes.extra-missing",
            remedy='Install the extra: pip install "seatrial[fakes]".',
        ) from missing


def check_documented(
    rules: Rules | None, methods: Iterable[str], path: str, *, fake: str
) -> Operation | None:
    """The first operation that the document has for one of the methods; None without a document.

    Raises:
        FakeError: the document has none.
    """
    if rules is None:
        return None
    operations = [rules.find(method, path) for method in methods]
    known = next((operation for operation in operations if operation is not None), None)
    if known is None:
        asked = f"{next(iter(methods))} {path}"
        raise FakeError(
            f"The fake {fake!r} was told to serve {asked}, which {rules.name} does not "
            f"document{rules.nearest(*asked.split(' ', 1))}.",
            code="fakes.undocumented",
            remedy="Correct the route, complete the document, or write documented=False "
            "for a route that it leaves out.",
        )
    return known


def check_known(rules: Rules | None, place: Place, *, fake: str) -> Callable[[Answer], None]:
    """What a route is to call for each answer that is known when it is scripted.

    Raises:
        FakeError: the document has no such operation.
    """
    operation = check_documented(rules, [place.method], place.path.text, fake=fake)
    if rules is None or operation is None:
        return lambda _answer: None

    def check(known: Answer) -> None:
        violation = rules.answer_violation(operation, rules.fitted(operation, known))
        if violation is not None:
            raise FakeError(
                f"The fake {fake!r} was told to answer {operation.label} with {known.status}, "
                f"but {rules.name} forbids it: {violation}.",
                code="fakes.schema",
                remedy="Answer as the service does; if the service has changed, change the document.",
            )

    return check


def placed(rules: Rules | None, request: Request) -> str:
    """Where the document has this request, or what it has instead, as the end of a message."""
    if rules is None:
        return ""
    operation = rules.find(request.method, request.path)
    if operation is not None:
        return f", which {rules.name} documents as {operation.label}"
    return f", which {rules.name} does not document{rules.nearest(request.method, request.path)}"


async def held(
    request: Request, match: Match, *, rules: Rules | None, error_body: Callable[[int, str], Any]
) -> Held:
    """The answer to a request, if the document allows both.

    A request that it forbids gets a 400 as from the service, unless the script refuses it itself; an answer
    that it forbids becomes a 500.
    """
    if rules is None:
        return Held(answer=await match.answer())
    operation = rules.find(request.method, request.path)
    if operation is None:
        problem = f"it was asked for {request.method} {request.path}{placed(rules, request)}"
        return _refused(_BAD_REQUEST, problem, error_body)
    wrong = rules.request_violation(operation, request)
    if wrong is not None:
        refusal = await match.answer() if match.may_refuse else None
        if refusal is None or refusal.status not in _REFUSALS:
            problem = f"the application asked for {operation.label} as {rules.name} forbids: {wrong}"
            return _refused(_BAD_REQUEST, problem, error_body)
        return _allowed(operation, refusal, rules, error_body)
    return _allowed(operation, await match.answer(), rules, error_body)


def _allowed(
    operation: Operation, found: Answer, rules: Rules, error_body: Callable[[int, str], Any]
) -> Held:
    found = rules.fitted(operation, found)
    wrong = rules.answer_violation(operation, found)
    if wrong is None:
        return Held(answer=found)
    problem = f"its answer {found.status} to {operation.label} is what {rules.name} forbids: {wrong}"
    return _refused(_CRASHED, problem, error_body)


def _refused(status: int, problem: str, error_body: Callable[[int, str], Any]) -> Held:
    return Held(answer=answer(status=status, json=error_body(status, problem)), problems=(problem,))
