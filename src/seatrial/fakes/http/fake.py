"""The face of the generic REST fake that tests see."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.fake import Fake
from seatrial.fakes.http.answers import json_value
from seatrial.fakes.http.collection import NewKey, Shape
from seatrial.fakes.http.holding import check_documented, check_known, held, load_rules, placed
from seatrial.fakes.http.matching import NOTHING, conditions
from seatrial.fakes.http.paths import PathTemplate
from seatrial.fakes.http.resource import Collection
from seatrial.fakes.http.routes import Function, Place, Route
from seatrial.fakes.http.table import Spent, Table
from seatrial.fakes.http.webhooks.receiver import Receiver, Verifier
from seatrial.fakes.http.webhooks.sending import Signer, Tamper, payload, post, signed
from seatrial.fakes.preparing import check_reference, load
from seatrial.fakes.request import Unserved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from starlette.responses import Response
    from starlette.types import ASGIApp

    from seatrial.fakes.http.answers import Answer
    from seatrial.fakes.http.table import Match
    from seatrial.fakes.request import Handler, Request


class HttpFake(Fake):
    """A stand-in for any REST service: it serves what tests script. Safe to use from any thread.

    Options: `openapi`, the path of a document that requests and answers are held against, and `routes`,
    `module:function`, which is called with the fake when a test begins and scripts what holds for the run.
    """

    options = ("openapi", "routes")

    def __init__(
        self, name: str, *, options: Mapping[str, Any] | None = None, root: Path | None = None
    ) -> None:
        given = options or {}
        super().__init__(name, options=given, root=root)
        self._reference = check_reference(given.get("routes"), fake=name)
        self._rules = load_rules(given.get("openapi"), root=root, fake=name)
        self._lock = threading.RLock()
        self._table = Table()
        self._order = 0
        self._webhooks = 0
        self._on_error: Callable[[int, str], Any] | None = None
        self._prepare: Callable[[Any], Any] | None = None
        self._prepared = True
        self._preparing = False

    def on(
        self,
        method: str,
        path: str,
        function: Function | None = None,
        *,
        status: int = 200,
        json: Any = NOTHING,
        text: str | None = None,
        content: bytes | None = None,
        events: Iterable[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        match_json: Any = NOTHING,
        match_query: Mapping[str, Any] | None = None,
        match_form: Mapping[str, Any] | None = None,
        documented: bool = True,
    ) -> Route:
        """Answer requests of this method and path, until the test is over.

        Of several routes that fit, the one of this test goes before that of the run, the one with fewer
        parameters and more conditions first, one with `times` before one without, and the later before the
        earlier; several with `times` are used up in the order in which they were written.

        Args:
            method: `GET`, `POST`, ...
            path: with parameters such as `/v1/charges/{id}`.
            function: gives the answer: called in a thread with the request, it returns JSON, `(status, json)`
                or an object like a response; it may be asynchronous.
            status: 200 to 599.
            json: a body that JSON can hold.
            text: a body of plain text.
            content: a body of bytes.
            events: server-sent events, each a text or what JSON can hold, sent one by one.
            headers: these as well; `content-type` instead of the usual one.
            times: how many requests are answered so; a test that makes fewer fails. None: any number.
            match_json: what the body must hold; objects may have more.
            match_query: the parameters the query must hold, each with its value or a list of all its values.
            match_form: the same for the fields of a body that is a URL-encoded form.
            documented: False for a route that the OpenAPI document leaves out: nothing is held against it.

        Raises:
            FakeError: an argument is wrong, or the OpenAPI document forbids the answer.
        """
        self._make_ready()
        with self._lock:
            self._order += 1
            place = Place(
                method=str(method).upper(),
                path=PathTemplate(path),
                conditions=conditions(match_json=match_json, match_query=match_query, match_form=match_form),
                standing=self._preparing,
                order=self._order,
            )
        rules = self._rules if documented else None
        route = Route(place, check=check_known(rules, place, fake=self.name), documented=documented)
        bodies: dict[str, Any] = {"json": json, "text": text, "content": content, "events": events}
        route.then(function, status=status, headers=headers, times=times, **bodies)
        self._table.add(route)
        return route

    def collection(
        self,
        path: str,
        *,
        key: str | None = None,
        rows: Iterable[Mapping[str, Any]] = (),
        new_key: NewKey | None = None,
        envelope: str | None = None,
    ) -> Collection:
        """Serve rows that can be created, listed, read, replaced, changed and removed.

        Without other arguments than `path` and `rows`: the collection that is there already, if it is.

        Args:
            path: where the list is; one row is one step below. Its parameters are fields of the rows.
            key: the field that identifies a row; `id` unless it is given.
            rows: to begin with.
            new_key: gives the key of the nth row that came without one, the same in each run; without it they
                are 1, 2, 3.
            envelope: lists are objects with the rows under this name, `total` and `next_cursor`; without it
                they are plain arrays.

        Raises:
            FakeError: an argument is wrong, or the collection is there in another shape.
        """
        self._make_ready()
        shape = Shape(key=key or "id", new_key=new_key, envelope=envelope)
        with self._lock:
            known = self._known(path)
            if known is None:
                known = Collection(path, shape, standing=self._preparing, error_body=self.error_body)
                check_documented(self._rules, ("GET", "POST"), path, fake=self.name)
                self._table.add(known)
            elif (key, new_key, envelope) != (None, None, None) and shape != known.shape:
                raise FakeError(
                    f"The collection {path} of the fake {self.name!r} expects the shape it has already, "
                    "found another one.",
                    code="fakes.collection",
                    remedy="Give key, new_key and envelope once, where it is first named.",
                )
        for row in rows:
            known.add(row)
        return known

    def receiver(
        self, path: str, *, secret: str | None = None, scheme: str | Verifier | None = None
    ) -> Receiver:
        """Receive the webhooks that the application sends to this path of the fake, until the test is over.

        One whose signature is missing or wrong gets a 401 and fails the test.

        Args:
            path: where they arrive, below the address of the fake.
            secret: what the application signs with; None, as scheme: signatures are not looked at.
            scheme: `stripe`, `github`, `standard-webhooks`, or a function of body, headers (names in lower
                case) and secret that returns whether the signature is right.

        Raises:
            FakeError: an argument is wrong.
        """
        self._make_ready()
        receiver = Receiver(
            PathTemplate(path),
            secret=secret,
            scheme=scheme,
            standing=self._preparing,
            on_refusal=self.note_problem,
            error_body=self.error_body,
        )
        self._table.add(receiver)
        return receiver

    def send_webhook(
        self,
        client: Any,
        path: str,
        *,
        json: Any = NOTHING,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        secret: str | None = None,
        scheme: str | Signer | None = None,
        tamper: Tamper | None = None,
    ) -> Any:
        """Send the application a webhook, signed as the service signs it.

        Args:
            client: the fixture `client` or `async_client`, whose credentials are left out, another client
                with a method `post`, or the base URL of an application.
            path: where the application receives webhooks.
            json: the body; it is signed byte for byte as it is sent.
            content: the body as bytes, instead of json.
            headers: these as well, such as `X-GitHub-Event`; `webhook-id` is signed.
            secret: what to sign with; None, as scheme: no signature.
            scheme: `stripe`, `github`, `standard-webhooks`, or a function of body and secret that returns
                headers.
            tamper: send it as somebody else would, so that the application has to refuse it: `unsigned`,
                `wrong-signature`, `changed-body`, `old-timestamp` (signed an hour too long ago).

        Returns:
            The response; of an asynchronous client, what is to be awaited for it.

        Raises:
            FakeError: an argument is wrong.
        """
        body, media_type = payload(json, content)
        extra = {name.lower(): value for name, value in (headers or {}).items()}
        with self._lock:
            self._webhooks += 1
            message_id = extra.get("webhook-id", f"msg_{self._webhooks}")
        sent, signature = signed(body, secret=secret, scheme=scheme, tamper=tamper, message_id=message_id)
        return post(client, path, sent, {"content-type": media_type, **extra, **signature})

    def on_error(self, function: Callable[[int, str], Any]) -> None:
        """Write the bodies of errors that the fake makes itself as the service does, until the test is over.

        Args:
            function: of status and message, returns what JSON can hold.
        """
        self._make_ready()
        self._on_error = function

    def error_body(self, status: int, message: str) -> Any:
        """The body of an error: by the function given to `on_error`, or in the general form."""
        if self._on_error is not None:
            try:
                return json_value(self._on_error(status, message))
            except Exception as error:  # noqa: BLE001 - a function of the test: the test is told
                self.note_problem(f"the function given to on_error raised {error!r}")
        return super().error_body(status, message)

    def handler(self, request: Request) -> Handler | None:
        """What answers this request; None when nothing that is scripted takes it."""
        try:
            self._make_ready()
        except Exception as error:  # noqa: BLE001 - the project's own function: the test is told
            self.note_problem(f"the function {self._reference} raised {error!r}")
        return self._serve if self._table.find(request) is not None else None

    def unserved(self, request: Request) -> str:
        """The request, and what is near to it in the OpenAPI document or the script."""
        where = placed(self._rules, request)
        return f"{request.method} {request.path}{where}; {self._table.advice(request)}"

    def pending_replies(self) -> list[str]:
        """Answers with `times` that too few requests asked for; not those that hold for the run."""
        return self._table.pending()

    def forget(self) -> None:
        """Forget every route, collection and receiver; those of `routes` are made again when needed."""
        with self._lock:
            self._table.clear()
            self._order = self._webhooks = 0
            self._on_error = None
            self._prepared = self._prepare is None

    def application(self) -> ASGIApp:
        """The ASGI application that serves this fake; calls the function of the option `routes`.

        Raises:
            FakeError: the function is not there.
            Exception: whatever it raised.
        """
        if self._reference is not None and self._prepare is None:
            self._prepare = load(self._reference, root=self.root, fake=self.name)
            self._prepared = False
        self._make_ready()
        return super().application()

    def _make_ready(self) -> None:
        """Script what holds for the run, unless that has been done since the last reset."""
        with self._lock:
            if self._prepared or self._prepare is None:
                return
            # Before the call: the function scripts routes itself.
            self._prepared = self._preparing = True
            try:
                self._prepare(self)
            finally:
                self._preparing = False

    def _known(self, path: str) -> Collection | None:
        found = [entry for entry in self._table.entries() if isinstance(entry, Collection)]
        return next((collection for collection in found if collection.path == path), None)

    async def _serve(self, request: Request) -> Response:
        from seatrial.fakes.http.responding import response  # noqa: PLC0415 - the extra, and start-up time

        while (match := self._table.find(request)) is not None:
            try:
                return response(await self._held(request, match))
            except Spent:
                continue
        raise Unserved(self.unserved(request))

    async def _held(self, request: Request, match: Match) -> Answer:
        rules = self._rules if match.documented else None
        found = await held(request, match, rules=rules, error_body=self.error_body)
        for problem in found.problems:
            self.note_problem(problem)
        return found.answer
