"""From the header of a request to whoever makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seatrial.fakes.databricks.refusals import Refused

if TYPE_CHECKING:
    from seatrial.fakes.databricks.people.person import Person
    from seatrial.fakes.databricks.people.tokens import Token
    from seatrial.fakes.databricks.workspace import State
    from seatrial.fakes.request import Request

_NOT_SENT = "Credential was not sent or was of an unsupported type for this API."
_WRONG = "Invalid access token."
_OVER = "Invalid Token"


def sign_in(state: State, request: Request) -> tuple[Person, Token]:
    """Who asks, and with which token.

    A token that is unknown, revoked or expired gets 403, as the service answers; none at all gets 401.

    Raises:
        Refused: nobody is signed in by this request.
    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Refused(_NOT_SENT, status=401, code=401)
    token = state.tokens.find(text.strip())
    if token is None or token.revoked or token.kind == "database":
        raise Refused(_WRONG, status=403, code=403)
    if token.expired:
        raise Refused(_OVER if token.kind == "oauth" else _WRONG, status=403, code=403)
    person = state.people[token.person]
    if not person.active:
        raise Refused("User is deactivated.", status=403, code=403)
    return person, token
