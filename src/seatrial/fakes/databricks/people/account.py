"""What callers can ask about themselves: who they are, and their personal access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.fakes.databricks.refusals import Refused, invalid

if TYPE_CHECKING:
    from seatrial.fakes.databricks.asking import Asking
    from seatrial.fakes.databricks.people.tokens import Token

_MS = 1000


def me(asking: Asking) -> Any:
    """`GET /api/2.0/preview/scim/v2/Me`."""
    return asking.caller.scim()


def list_tokens(asking: Asking) -> Any:
    """`GET /api/2.0/token/list`: those of the caller, without their texts."""
    found = [_info(token) for token in asking.state.tokens.of(asking.caller.name)]
    return {"token_infos": found} if found else {}


def create_token(asking: Asking) -> Any:
    """`POST /api/2.0/token/create`; `lifetime_seconds` as the caller likes."""
    seconds = asking.body.get("lifetime_seconds")
    whole = isinstance(seconds, int) and not isinstance(seconds, bool)
    if seconds is not None and not (whole and seconds > 0):
        raise invalid(f"lifetime_seconds expects seconds above 0, found {seconds!r}")
    text = asking.state.tokens.issue(
        asking.caller.name, expires_in=seconds, comment=str(asking.body.get("comment") or "")
    )
    made = asking.state.tokens.find(text)
    return {"token_value": text, "token_info": _info(made)} if made is not None else {}


def delete_token(asking: Asking) -> Any:
    """`POST /api/2.0/token/delete`."""
    identifier = asking.body.get("token_id")
    if not isinstance(identifier, str) or not asking.state.tokens.revoke_id(asking.caller.name, identifier):
        raise Refused(
            f"Token with ID {identifier} does not exist", status=404, code="RESOURCE_DOES_NOT_EXIST"
        )
    return {}


def _info(token: Token) -> dict[str, Any]:
    return {
        "token_id": token.id,
        "creation_time": int(token.created * _MS),
        "expiry_time": -1 if token.expires is None else int(token.expires * _MS),
        "comment": token.comment,
    }
