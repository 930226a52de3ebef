"""A PostgreSQL server on which seatrial makes databases: who may log in, and how to reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from seatrial.config import DatabaseAddress
from seatrial.errors import ServerError

if TYPE_CHECKING:
    from types import ModuleType

    import psycopg

Login = Literal["admin", "owner", "app"]
APPLICATION_NAME = "seatrial"


@dataclass(frozen=True)
class Credential:
    """A role and its password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where databases are made.

    The admin connection makes and drops databases; on the embedded server it is a superuser on the unix
    socket. The application connects as `app` over TCP; migrations and the `db` handle use `owner`.
    """

    kind: Literal["embedded", "external"]
    version: int
    """`server_version_num`, 180006 for 18.6."""
    host: str
    port: int
    admin: dict[str, Any] = field(repr=False)
    superuser: bool
    owner: Credential
    app: Credential

    def connect(self, database: str, *, login: Login = "admin", **options: Any) -> psycopg.Connection[Any]:
        """Open an autocommit connection of our own to a database of this cluster."""
        parameters: dict[str, Any] = {
            **self.admin,
            "dbname": database,
            "application_name": APPLICATION_NAME,
            "connect_timeout": 10,
            **options,
        }
        if login != "admin":
            credential = self.owner if login == "owner" else self.app
            parameters |= {
                "host": self.host,
                "port": self.port,
                "user": credential.user,
                "password": credential.password,
                # A PGSSLMODE that the settings have for the application is not meant for us.
                "sslmode": "prefer",
            }
        connection: psycopg.Connection[Any] = _driver().connect(autocommit=True, **parameters)
        return connection

    def address(self, database: str, *, login: Login = "app") -> DatabaseAddress:
        """The address of a database as an application would be given it."""
        credential = self.owner if login == "owner" else self.app
        return DatabaseAddress(
            host=self.host,
            port=self.port,
            user=credential.user,
            password=credential.password,
            name=database,
            has_tls=self.kind != "embedded",
        )


def _driver() -> ModuleType:
    """psycopg, which is an extra and is loaded only when a server is used."""
    try:
        import psycopg  # noqa: PLC0415
    except ImportError as error:
        raise ServerError(
            f"seatrial's own connections need psycopg, which could not be imported: {error}",
            code="server.no-driver",
            remedy='pip install "seatrial[postgres]"',
        ) from error
    return psycopg
