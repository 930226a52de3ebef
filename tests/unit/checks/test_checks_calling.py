"""Calls: ids come from lists and tables, the costliest row counts, and only what was sent for a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2

from seatrial.app.counting import Counted, CountedStatements
from seatrial.checks.queries.calling import Calls
from seatrial.checks.queries.operations import Operation

LIST, ONE = Operation(template="/orders"), Operation(template="/orders/{order_id}")
LINES = Operation(template="/orders/{order_id}/lines/{line_id}")


class App:
    """Answers by path, and notes what came."""

    def __init__(self, answers: dict[str, Any], *, statements: Callable[[str], int] = lambda _: 1) -> None:
        self.asked: list[str] = []
        self.seen = CountedStatements()
        self._answers = answers
        self._statements = statements

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.raw_path.decode()
        self.asked.append(path)
        for number in range(self._statements(path)):
            self.seen.statements.append(Counted(text="select 1", values=str(number), exchange=1))
        self.seen.statements.append(Counted(text="select 'poll'", values=None, exchange=None))
        found = self._answers.get(path)
        if isinstance(found, httpx2.Response):
            return found
        return httpx2.Response(404) if found is None else httpx2.Response(200, json=found)

    def call(self, *operations: Operation, stored: dict[str, list[str]] | None = None) -> dict[str, Any]:
        with httpx2.Client(transport=httpx2.MockTransport(self), base_url="http://app") as client:
            calls = Calls(
                client=client,  # type: ignore[arg-type]  # what it has of httpx2 is all that is used
                seen=self.seen,
                settle=lambda: "",
                stored=lambda before, parameter: (stored or {}).get(f"{before}{parameter}", []),
            )
            return calls.call(operations)


def test_only_what_was_sent_for_the_request_counts() -> None:
    app = App({"/orders": [1]}, statements=lambda _: 2)
    answer = app.call(LIST)["/orders"]
    assert answer.sent == (("select 1", "0"), ("select 1", "1"))
    assert (answer.status, answer.size) == (200, 2)


def test_the_row_that_takes_the_most_statements_counts() -> None:
    orders = {f"/orders/{number}": {"id": number} for number in range(30)}
    rows = [{"id": number} for number in range(20)]
    app = App({"/orders": rows, **orders}, statements=lambda path: 7 if path == "/orders/3" else 1)
    answer = app.call(LIST, ONE, stored={"/orders/order_id": ["29", "5", "4"]})["/orders/{order_id}"]
    assert len(answer.sent) == 7
    # Twelve of them: first those that are in both, as the table has them.
    assert app.asked[1:] == [f"/orders/{number}" for number in (5, 4, 0, 1, 2, 3, 6, 7, 8, 9, 10, 11)]


def test_ids_that_nobody_lists_come_from_the_tables_and_are_quoted() -> None:
    app = App({"/orders": {"error": "no"}, "/orders/a%2Fb": {"id": "a/b"}})
    answers = app.call(LIST, ONE, LINES, stored={"/orders/order_id": ["x", "a/b"]})
    assert answers["/orders/{order_id}"].is_ok
    assert answers["/orders/{order_id}/lines/{line_id}"].status is None
    assert app.asked == ["/orders", "/orders/x", "/orders/a%2Fb"]


def test_below_a_row_is_what_its_own_list_has() -> None:
    app = App({
        "/orders": ["1", "2"], "/orders/2/lines": [{"line_id": 8}], "/orders/2/lines/8": {"id": 8},
    })  # fmt: skip
    inner = Operation(template="/orders/{order_id}/lines")
    answers = app.call(LIST, inner, LINES)
    assert answers["/orders/{order_id}/lines"].is_ok
    assert answers["/orders/{order_id}/lines/{line_id}"].body == {"id": 8}


def test_choices_and_queries_of_the_document() -> None:
    app = App({"/reports/a?q=row": httpx2.Response(200, text="1\n2\n3\n")})
    report = Operation(template="/reports/{kind}", query={"q": "row"}, choices={"kind": ("a", "b")})
    assert app.call(report)["/reports/{kind}"].size == 3
    assert app.asked == ["/reports/a?q=row", "/reports/b?q=row"]


def test_a_stream_of_events_is_not_read_and_no_answer_is_none() -> None:
    def endless() -> Any:
        raise AssertionError("it was read")
        yield b""

    events = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=endless())
    assert App({"/orders": events}).call(LIST)["/orders"].status == 200

    class Broken(App):
        def __call__(self, request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ReadTimeout("too late", request=request)

    assert Broken({}).call(LIST)["/orders"].status is None
