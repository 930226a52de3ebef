"""A stateful collection under a path: create, list, read, replace, change, remove."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.http.answers import Answer, answer
from seatrial.fakes.http.collection import Duplicate, Row, Rows, Shape
from seatrial.fakes.http.paging import BadPage, Page, page
from seatrial.fakes.http.paths import PathTemplate
from seatrial.fakes.http.table import Match

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.fakes.request import Request

    ErrorBody = Callable[[int, str], Any]

_OF_ALL = ("GET", "POST")
_OF_ONE = ("GET", "PUT", "PATCH", "DELETE")


class Collection:
    """Rows that the application creates, reads and changes over HTTP.

    Args:
        path: where the list is; each row is one step below. Its parameters are fields of the rows.
        shape: how it is written on the wire.
        standing: whether it is there in every test of the run.
        error_body: gives the body of an error.
    """

    def __init__(self, path: str, shape: Shape, *, standing: bool, error_body: ErrorBody) -> None:
        self.path = path
        self.shape = shape
        self.standing = standing
        self._all = PathTemplate(path)
        self._one = PathTemplate(f"{path}/{{{shape.key}}}")
        self._rows = Rows(shape)
        self._error_body = error_body

    @property
    def rows(self) -> list[Row]:
        """Copies of all rows, in the order in which they were added."""
        return self._rows.all()

    def add(self, row: Mapping[str, Any]) -> Row:
        """Add a row, as a request would; a copy of it, with its key.

        Raises:
            FakeError: it is no dict, JSON cannot hold it, or its key is taken.
        """
        try:
            return self._rows.add(row)
        except Duplicate as taken:
            raise FakeError(
                f"The collection {self.path} expects one row for each {self.shape.key}, "
                f"found {taken.args[0]!r} a second time.",
                code="fakes.collection",
                remedy="Give each row a key of its own, or none: then it gets the next free one.",
            ) from None

    def page(self, request: Request) -> Page:
        """What a request asks of the list: for a route that writes lists in another form.

        Raises:
            Exception: the request asks for what is not served; the fake answers it accordingly.
        """
        params = self._all.match(request.path) or {}
        rows = [row for row in self.rows if _belongs(row, params)]
        return page(rows, request, key=self.shape.key)

    @property
    def labels(self) -> list[str]:
        """How messages name its routes."""
        of_all = [f"{method} {self._all.text}" for method in _OF_ALL]
        return of_all + [f"{method} {self._one.text}" for method in _OF_ONE]

    def match(self, request: Request) -> Match | None:
        """How well it fits; None when the request is for another."""
        for template, methods in ((self._all, _OF_ALL), (self._one, _OF_ONE)):
            params = template.match(request.path)
            if params is not None and request.method in methods:
                return Match(
                    rank=(1, len(params)),
                    answer=lambda params=params: self._answer(replace(request, path_params=params)),  # type: ignore[misc]
                    documented=True,
                    may_refuse=False,
                )
        return None

    def spent(self, _request: Request) -> bool:
        """Never: a collection answers as long as it is there."""
        return False

    def pending(self) -> list[str]:
        """Nothing: no request to a collection is scripted."""
        return []

    async def _answer(self, request: Request) -> Answer:
        parents = dict(request.path_params)
        key = parents.pop(self.shape.key, None) if self._one.match(request.path) else None
        try:
            if key is not None:
                return self._answer_one(request, key, parents)
            return self._list(request) if request.method == "GET" else self._create(request, parents)
        except BadPage as bad:
            return self._error(400, str(bad))
        except Duplicate as taken:
            return self._error(409, f"{self.shape.key} {taken.args[0]} exists")

    def _list(self, request: Request) -> Answer:
        found = self.page(request)
        if self.shape.envelope is None:
            return answer(status=200, json=found.rows)
        body = {self.shape.envelope: found.rows, "total": found.total, "next_cursor": found.next_cursor}
        return answer(status=200, json=body)

    def _create(self, request: Request, parents: Mapping[str, str]) -> Answer:
        if not isinstance(request.json, dict):
            return self._error(400, "the body has to be a JSON object")
        return answer(status=201, json=self._rows.add({**request.json, **parents}))

    def _answer_one(self, request: Request, key: str, parents: Mapping[str, str]) -> Answer:
        row = self._rows.get(key)
        if row is None or not _belongs(row, parents):
            return self._error(404, f"no {self.shape.key} {key}")
        if request.method == "GET":
            return answer(status=200, json=row)
        if request.method == "DELETE":
            self._rows.remove(key)
            return answer(status=204)
        return self._change(request, row)

    def _change(self, request: Request, row: Row) -> Answer:
        sent, name = request.json, self.shape.key
        if not isinstance(sent, dict):
            return self._error(400, "the body has to be a JSON object")
        if name in sent and str(sent[name]) != str(row[name]):
            return self._error(400, f"{name} cannot be changed")
        kept = row if request.method == "PATCH" else {name: row[name], **self._parents(request, row)}
        changed = {**kept, **sent, name: row[name]}
        self._rows.put(str(row[name]), changed)
        return answer(status=200, json=changed)

    def _parents(self, request: Request, row: Row) -> Row:
        return {name: row[name] for name in request.path_params if name in row}

    def _error(self, status: int, message: str) -> Answer:
        return answer(status=status, json=self._error_body(status, message))

    def __repr__(self) -> str:
        return f"<collection {self.path}: {len(self.rows)} row(s)>"


def _belongs(row: Row, parents: Mapping[str, str]) -> bool:
    return all(str(row.get(name)) == value for name, value in parents.items())
