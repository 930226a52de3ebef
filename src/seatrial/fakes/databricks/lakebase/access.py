"""The gate of a workspace: its tokens are the passwords of the database behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.fakes.databricks.lakebase.gate import LakebaseGate
from seatrial.fakes.databricks.lakebase.upstream import Verdict

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from seatrial.fakes.databricks.lakebase.upstream import Login, Upstream
    from seatrial.fakes.databricks.people.tokens import Token
    from seatrial.fakes.databricks.workspace import Workspace

HOST = "127.0.0.1"


class LakebaseAccess:
    """Who gets into the database, and where it is. The gate is made when its address is first asked for.

    Args:
        space: whose tokens count.
        upstream: gives the database behind it.
        tls: makes the certificate's context.
        trusts_all: whether every token is taken, because the workspace that gives them is another one.
    """

    def __init__(
        self,
        space: Workspace,
        *,
        upstream: Callable[[], Upstream],
        tls: Callable[[Callable[[], None]], ssl.SSLContext],
        trusts_all: Callable[[], bool],
    ) -> None:
        self._space = space
        self._trusts_all = trusts_all
        self._upstream = upstream
        self._tls = tls
        self._gate: LakebaseGate | None = None

    @property
    def port(self) -> int:
        """Where clients find it, on 127.0.0.1."""
        return self._made().address[1]

    @property
    def logins(self) -> list[Login]:
        """The attempts to log in since the last reset, oldest first."""
        return self._gate.logins if self._gate is not None else []

    def start(self) -> None:
        """Serve; a second call does nothing."""
        self._made().start()

    def stop(self) -> None:
        """End every connection and give the port back."""
        if self._gate is not None:
            self._gate.stop()
            self._gate = None

    def problems(self) -> list[str]:
        """Why a test that is over must fail, if it must."""
        return self._gate.problems() if self._gate is not None else []

    def forget(self) -> None:
        """Another test begins."""
        if self._gate is not None:
            self._gate.forget()

    def verify(self, role: str, text: str) -> Verdict:
        """What a token is good for at a login.

        Args:
            role: the user name that the client gives: the email of a user, the client id of a principal.
            text: the token.
        """
        if self._trusts_all():
            return Verdict.ACCEPTED if text else Verdict.WRONG
        with self._space.lock:
            token = self._space.state.tokens.find(text)
        # A personal access token opens the workspace and no database.
        if token is None or token.kind == "pat":
            return Verdict.WRONG
        return _verdict(token, role)

    def _made(self) -> LakebaseGate:
        if self._gate is None:
            self._gate = LakebaseGate(verify=self.verify, upstream=self._upstream(), tls=self._tls)
        return self._gate


def _verdict(token: Token, role: str) -> Verdict:
    if token.revoked:
        return Verdict.REVOKED
    if token.expired:
        return Verdict.EXPIRED
    return Verdict.ACCEPTED if token.person == role else Verdict.FOREIGN
