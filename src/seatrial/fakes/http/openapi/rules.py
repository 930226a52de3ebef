"""What a document says about a request to one of its operations, and about the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seatrial.fakes.http.openapi.document import Document, Part
from seatrial.fakes.http.openapi.media import body_violation, is_json
from seatrial.fakes.http.openapi.operations import Operation, Operations
from seatrial.fakes.http.openapi.parameters import credential_violation, parameter_violation, readings
from seatrial.fakes.http.openapi.schemas import Schemas, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seatrial.fakes.http.answers import Answer
    from seatrial.fakes.request import Request


class Rules:
    """The rules of one document, which is checked when it is read.

    Args:
        path: the document, YAML or JSON, version 3.0 or 3.1.

    Raises:
        FakeError: the document cannot be used.
        ImportError: the extra `fakes` is missing.
    """

    def __init__(self, path: Path) -> None:
        self._document = Document(path)
        self._schemas = Schemas(self._document)
        self._operations = Operations(self._document)
        self.name = self._document.name
        for part in self._all_schemas():
            self._schemas.check(part)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request; None when the document has none."""
        return self._operations.find(method, path)

    def nearest(self, method: str, path: str) -> str:
        """The operation that may have been meant, as the end of a message."""
        return self._operations.nearest(method, path)

    def request_violation(self, operation: Operation, request: Request) -> Violation | None:
        """What the document forbids about a request; None when it is allowed."""
        return (
            credential_violation(operation, request, self._document)
            or parameter_violation(operation, request, document=self._document, schemas=self._schemas)
            or self._body_violation(operation, request)
        )

    def fitted(self, operation: Operation, answer: Answer) -> Answer:
        """The answer, as the kind of JSON that the document names, such as `application/problem+json`."""
        described = self._described(operation, answer)
        if described is None or not answer.any_json:
            return answer
        kinds = [kind for kind, _ in described.below("content").children() if is_json(kind)]
        if len(kinds) != 1:
            return answer
        return replace(answer, headers={**answer.headers, "content-type": kinds[0]})

    def answer_violation(self, operation: Operation, answer: Answer) -> Violation | None:
        """What the document forbids about an answer; None when it is allowed."""
        described = self._described(operation, answer)
        responses = operation.part.below("responses")
        if described is None:
            return Violation(
                where="the status",
                expected=" or ".join(name for name, _ in responses.children()),
                found=str(answer.status),
            )
        return self._header_violation(described, answer) or body_violation(
            described.below("content"),
            media_type=answer.media_type if answer.pieces else "",
            body=answer.body,
            way="answer",
            schemas=self._schemas,
        )

    def _described(self, operation: Operation, answer: Answer) -> Part | None:
        responses = operation.part.below("responses").children()
        documented = {name.upper(): part for name, part in responses}
        status = str(answer.status)
        described = documented.get(status) or documented.get(f"{status[0]}XX") or documented.get("DEFAULT")
        return self._document.follow(described) if described is not None else None

    def _header_violation(self, described: Part, answer: Answer) -> Violation | None:
        for name, header in described.below("headers").children():
            rule = self._document.follow(header)
            value = answer.headers.get(name.lower())
            if name.lower() == "content-type" or (value is None and rule.below("required").value is not True):
                continue
            if value is None:
                return Violation(where=f"the header {name}", expected="a value", found="none")
            schema = rule.below("schema")
            wrong = [self._schemas.violation(schema, reading, way="answer") for reading in readings(value)]
            if schema.value is not None and wrong[-1] is not None and None not in wrong:
                return Violation(
                    where=f"the header {name}", expected=wrong[-1].expected, found=wrong[-1].found
                )
        return None

    def _body_violation(self, operation: Operation, request: Request) -> Violation | None:
        described = self._document.follow(operation.part.below("requestBody"))
        if described.value is None:
            return None
        if not request.body:
            needed = described.below("required").value is True
            return Violation(where="the body", expected="one", found="none") if needed else None
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return body_violation(
            described.below("content"),
            media_type=media_type or "no content type",
            body=request.body,
            way="request",
            schemas=self._schemas,
        )

    def _all_schemas(self) -> Iterator[Part]:
        yield from (part for _, part in self._document.root.below("components", "schemas").children())
        for operation in self._operations.all:
            owners = [*operation.parameters, *self._bodies(operation)]
            yield from (part for owner in owners if (part := owner.below("schema")).value is not None)

    def _bodies(self, operation: Operation) -> Iterator[Part]:
        request = self._document.follow(operation.part.below("requestBody"))
        answers = [self._document.follow(part) for _, part in operation.part.below("responses").children()]
        for owner in (request, *answers):
            yield from (self._document.follow(part) for _, part in owner.below("content").children())
        for owner in answers:
            yield from (self._document.follow(part) for _, part in owner.below("headers").children())
