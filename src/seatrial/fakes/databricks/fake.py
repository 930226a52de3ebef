"""The face of the Databricks fake that tests see: fill the workspace, grant, revoke, script, break."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, ClassVar

from seatrial.errors import FakeError
from seatrial.fakes.databricks import building, declared, granting
from seatrial.fakes.databricks.connections import Connection, Outgoing
from seatrial.fakes.databricks.data import Data
from seatrial.fakes.databricks.instances import Instance
from seatrial.fakes.databricks.lakebase.access import HOST, LakebaseAccess
from seatrial.fakes.databricks.people.control import PersonControl
from seatrial.fakes.databricks.people.profiles import Profiles
from seatrial.fakes.databricks.refusals import code_of, error_body
from seatrial.fakes.databricks.serving.making import Endpoints, make_endpoint
from seatrial.fakes.databricks.statements.runner import Statements
from seatrial.fakes.databricks.statements.warehouse import Warehouse, warehouse_id
from seatrial.fakes.databricks.workspace import Workspace
from seatrial.fakes.fake import Fake
from seatrial.fakes.preparing import check_reference, load

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

    from seatrial.fakes.databricks.building import CatalogHandle, TableHandle
    from seatrial.fakes.databricks.lakebase import Upstream
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.faults import Fault
    from seatrial.fakes.request import Handler, Request

_WORKSPACE_ID = 4_815_162_342
_PAGE = 100


class DatabricksFake(Fake):
    """A workspace: people and tokens, Unity Catalog, SQL warehouses, model serving, Lakebase's credentials.

    What the function `workspace` makes holds for the run; what tests change is put back after each.

    Args:
        name: how tests call it.
        options: `workspace`: a function that fills it, `module:function`; `users` and `service_principals`:
            who can sign in; `workspace_id`: its number; `lakebase`: whether tokens open the tested database.
        root: the folder that files and the function are found from.

    Raises:
        FakeError: an option is unknown or wrong.

    Attributes:
        users: the declared users by their labels.
        service_principals: the declared service principals by their labels.
        endpoints: the serving endpoints by their names.
        statements: what the next SQL statements meet.
        page_size: the most entries of a page of Unity Catalog's lists.
    """

    options = ("workspace", "users", "service_principals", "workspace_id", "lakebase")
    advertised: ClassVar[Mapping[str, str]] = {"DATABRICKS_CONFIG_FILE": "config_file"}
    admin = "metastore-admin"
    """The owner of what nobody else owns."""

    def __init__(
        self,
        name: str = "databricks",
        *,
        options: Mapping[str, Any] | None = None,
        root: Path | None = None,
    ) -> None:
        super().__init__(name, options=options, root=root)
        given = options or {}
        self._reference = check_reference(given.get("workspace"), fake=name, option="workspace")
        self.space = Workspace(
            workspace_id=declared.number(name, "workspace_id", given.get("workspace_id", _WORKSPACE_ID))
        )
        self.key = secrets.token_bytes(32)
        """Signs what only this run may know."""
        self.page_size = _PAGE
        self.data = Data(self)
        self.statements = Statements(self)
        self.endpoints = Endpoints(self.space)
        self._profiles = Profiles()
        self._is_live = False
        self._before_a_database = declared.boolean(name, "lakebase", given.get("lakebase", False))
        self.lakebase: LakebaseAccess | None = None
        """Who has logged in to the database by way of the workspace; None without the option."""
        self._built = False
        people, principals = given.get("users") or {}, given.get("service_principals") or {}
        if not people and not principals:
            people = declared.DEFAULT_USERS
        self.users = self._sign_up(declared.people(name, people, kind="user"), people, key="token")
        self.service_principals = self._sign_up(
            declared.people(name, principals, kind="service_principal"), principals, key="client_secret"
        )
        self.space.keep()

    def _sign_up(
        self, people: Mapping[str, Person], given: Mapping[str, Any], *, key: str
    ) -> dict[str, PersonControl]:
        state = self.space.state
        for label, person in people.items():
            state.people[person.name] = person
            chosen = given[label].get(key)
            if person.kind == "user":
                text = chosen or declared.secret(self.key, label, prefix="dapi")
                state.tokens.issue(person.name, text=text)
            else:
                state.secrets[person.name] = chosen or declared.secret(self.key, label, prefix="dose")
        return {label: PersonControl(person.name, self.space) for label, person in people.items()}

    # --- filling it ----------------------------------------------------------------------------------------

    def catalog(self, name: str, *, owner: str | None = None, comment: str | None = None) -> CatalogHandle:
        """The catalog of this name, made if it is not there.

        Raises:
            FakeError: Unity Catalog would not take the name.
        """
        return building.make_catalog(self, name, owner=owner, comment=comment)

    @property
    def tables(self) -> Mapping[str, TableHandle]:
        """The tables by their full names."""
        return building.tables(self)

    def user(
        self, label: str, *, email: str | None = None, admin: bool = False, groups: tuple[str, ...] = ()
    ) -> PersonControl:
        """Sign up another user, with a token.

        Args:
            label: how tests call them.
            email: what grants name them by; made of the label without it.
            admin: whether they administer metastore and workspace.
            groups: those they are in.
        """
        table = {label: {"email": email, "admin": admin, "groups": list(groups)}}
        given = {label: {key: value for key, value in table[label].items() if value is not None}}
        with self.space.lock:
            made = self._sign_up(declared.people(self.name, given, kind="user"), given, key="token")
        self.users |= made
        return made[label]

    def grant(self, principal: str, *privileges: str, on: str) -> None:
        """Grant privileges on a catalog, a schema or a table; nothing else is implied.

        Args:
            principal: an email, an application id or a group.
            privileges: such as `SELECT` or `USE_CATALOG`.
            on: the full name.

        Raises:
            FakeError: there is no such thing or person, or a privilege does not fit.
        """
        granting.grant(self, principal, privileges, on=on)

    def grant_read(self, principal: str, *tables: str) -> None:
        """Grant what reading these tables takes: USE_CATALOG, USE_SCHEMA and SELECT.

        Raises:
            FakeError: there is no such table or person.
        """
        for table in tables:
            granting.grant_read(self, principal, table)

    def revoke(self, principal: str, *privileges: str, on: str) -> None:
        """Take privileges away, from the next request on; those from above stay.

        Raises:
            FakeError: there is no such thing or person, or they do not hold it.
        """
        granting.revoke(self, principal, privileges, on=on)

    def warehouse(self, name: str, *, running: bool = True) -> Warehouse:
        """The SQL warehouse of this name, made if it is not there; its `id` is the same in each run."""
        identifier = warehouse_id(name)
        with self.space.lock:
            known = self.space.state.warehouses
            if identifier not in known:
                known[identifier] = Warehouse(
                    id=identifier, name=name, state="RUNNING" if running else "STOPPED", creator=self.admin
                )
            return known[identifier]

    def endpoint(
        self,
        name: str,
        *,
        task: str | None = None,
        model: str | None = None,
        version: str = "1",
        predict: Callable[[Any], Any] | None = None,
        inputs: Mapping[str, str] | None = None,
        openapi: Mapping[str, Any] | None = None,
        ready: bool = True,
    ) -> None:
        """Make a serving endpoint.

        Args:
            name: how clients call it.
            task: of a foundation model: `llm/v1/chat`, `llm/v1/completions` or `llm/v1/embeddings`; None: a
                model of the team's own.
            model: the name of what is served; that of the endpoint without it.
            version: of a model of the team's own.
            predict: what a model of the team's own answers: of its inputs, data frames as a list of records;
                a ValueError is told as the model's own refusal.
            inputs: column -> its type in MLflow, from which `openapi` is made.
            openapi: the document that describes the model; its inputs are held against it.
            ready: whether it answers.

        Raises:
            FakeError: the name is taken, or the arguments do not fit together.
        """
        make_endpoint(
            self.space,
            name,
            task=task,
            model=model,
            version=version,
            predict=predict,
            inputs=inputs,
            openapi=openapi,
            ready=ready,
            creator=self.admin,
        )

    def instance(self, name: str) -> None:
        """Make a Lakebase instance, whose credentials the API gives out."""
        with self.space.lock:
            self.space.state.instances[name] = Instance(name=name, creator=self.admin, created=time.time())

    def connection(
        self, name: str, answer: Callable[[Outgoing], Any], *, users: tuple[str, ...] = ()
    ) -> None:
        """Make a connection of Unity Catalog to a service elsewhere.

        Args:
            name: how callers call it.
            answer: what the service answers: of the outgoing request, JSON or `(status, JSON)`.
            users: who may use it, besides administrators.
        """
        with self.space.lock:
            self.space.state.connections[name] = Connection(name=name, owner=self.admin, answer=answer)
            for user in users:
                self.space.state.grants.add(f"connection:{name}", user, ["USE_CONNECTION"])

    def drop(self, full: str) -> None:
        """Take a catalog, a schema or a table away, with its rows, what is in it, and the grants on it."""
        with self.space.lock:
            self.space.state.store.remove(full)
            self.space.state.grants.forget(full)
        self.data.drop(full)

    # --- serving it ----------------------------------------------------------------------------------------

    def handler(self, request: Request) -> Handler | None:
        """What answers this request; None for a route that the fake does not serve."""
        from seatrial.fakes.databricks.routes import find  # noqa: PLC0415 - the extra, and start-up time

        return find(self, request)

    def take_fault(self, request: Request) -> Fault | None:
        """The fault of this call: of the endpoint that it invokes, else of the workspace.

        What a client asks when it is made, and what it does without, uses up no fault that is counted.
        """
        from seatrial.fakes.databricks.routes import DISCOVERY, endpoint_of  # noqa: PLC0415 - as above

        if request.path == DISCOVERY:
            return self.faults.take(counts=False)
        name = endpoint_of(request)
        found = self.endpoints[name].faults.take() if name is not None and name in self.endpoints else None
        return found or super().take_fault(request)

    def error_body(self, status: int, message: str) -> Any:
        """An error as the workspace writes it."""
        return error_body(message, code=code_of(status))

    def pending_replies(self) -> list[str]:
        """What was scripted for endpoints and statements, and nobody asked for."""
        return [*self.endpoints.pending(), *self.statements.script.pending()]

    def forget(self) -> None:
        """Put back what the test has changed."""
        self.statements.clear()
        self.endpoints.clear()
        if self.lakebase is not None:
            self.lakebase.forget()
        self.data.restore()
        self.space.restore()
        self.page_size = _PAGE

    def application(self) -> ASGIApp:
        """The ASGI application that serves this fake; calls the function of the option `workspace`.

        Raises:
            FakeError: the function is not there, or told something impossible.
            Exception: whatever else it raised.
        """
        if self._reference is not None and not self._built:
            load(self._reference, root=self.root, fake=self.name, option="workspace")(self)
            self._built = True
            self.data.keep()
            self.space.keep()
        return super().application()

    def part(self, part: str, *, url: str) -> str:
        """The value of a placeholder of this fake alone, such as `config_file` or `tokens.user-a`.

        Args:
            part: what follows the name of the fake.
            url: where the fake is.
        """
        kind, _, label = part.partition(".")
        if kind == "lakebase":
            return self._part_of_lakebase(label)
        if kind == "config_file":
            return str(self._profiles.write(url, self.space.state))
        if kind == "tokens":
            return self.users[label].token
        person = self.service_principals[label].name
        return person if kind == "client_ids" else self.space.state.secrets[person]

    def _part_of_lakebase(self, part: str) -> str:
        if self.lakebase is None:
            raise FakeError(
                f"The fake {self.name!r} expects a database behind lakebase = true, found none.",
                code="fakes.databricks-lakebase",
                remedy='Declare [tool.seatrial.database] with the engine "postgres".',
            )
        return HOST if part == "host" else str(self.lakebase.port)

    def connect(
        self,
        *,
        upstream: Callable[[], Upstream],
        tls: Callable[[Callable[[], None]], ssl.SSLContext],
    ) -> None:
        """Take note of the tested database, if the workspace is to stand before it."""
        if self._before_a_database:
            self.lakebase = LakebaseAccess(
                self.space, upstream=upstream, tls=tls, trusts_all=lambda: self._is_live
            )

    def go_live(self) -> None:
        """The tokens of a real workspace are not known here: before the tested database all are taken."""
        self._is_live = True

    def begin(self) -> None:
        """Let clients log in to the database."""
        if self.lakebase is not None:
            self.lakebase.start()

    def problems(self, *, unmet: bool = True) -> list[str]:
        """Why a test that is over must fail, if it must."""
        found = super().problems(unmet=unmet)
        return found if self.lakebase is None else [*found, *self.lakebase.problems()]

    def close(self) -> None:
        """The run is over."""
        if self.lakebase is not None:
            self.lakebase.stop()
        self._profiles.close()
        self.data.close()
