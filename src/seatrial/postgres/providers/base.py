"""What every provider offers: an address before anything runs, and a cluster with a template after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seatrial.config import DatabaseAddress
    from seatrial.postgres.cluster import Cluster, Login
    from seatrial.postgres.isolation import Isolation
    from seatrial.postgres.template import TemplatePlan, TemplateReport


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A running cluster with a verified template on it."""

    cluster: Cluster
    template: str
    report: TemplateReport
    cached: bool
    """Whether the template was there already."""
    server: str
    """For the header: `PostgreSQL 18.6, embedded`."""


class Provider(Protocol):
    """A source of clusters. Addresses are constant for the life of the process."""

    database: str
    """The constant name under which the application finds its database."""

    def address(self, login: Login) -> DatabaseAddress:
        """The address of the tested database for the application or for the owner."""

    def start(self, plan: TemplatePlan, *, rebuild: bool) -> Prepared:
        """Start what has to run, and build or fetch the template."""

    def on_first_connection(self, start: Callable[[], object]) -> None:
        """Arrange, where we own the address, that `start` is called when somebody connects early."""

    def isolation(self, prepared: Prepared) -> Isolation:
        """What keeps the tested database pristine on this server, not opened yet."""

    def opens_kept(self, database: str) -> str:
        """The command that opens a kept database after the run."""

    def stop(self, *, kept: Mapping[str, str]) -> None:
        """Stop and remove what was started; idempotent.

        Args:
            kept: names of databases that have to be there after it, and the tests they belong to.
        """

    @property
    def outlives_us(self) -> bool:
        """Whether databases we made must be dropped, because the server goes on."""


def copies_or_reset(prepared: Prepared, database: str, *, kind: str) -> Isolation:
    """Isolation where databases may be created: a reset in place if it can be had, else copies."""
    from seatrial.postgres.isolation import Clones, WalReset, why_not  # noqa: PLC0415 - the driver is an extra

    resets = kind != "clone" and why_not(prepared.cluster) is None
    return (WalReset if resets else Clones)(
        prepared.cluster,
        database=database,
        template=prepared.template,
        statements=prepared.report.clone_statements,
    )
