"""How the workspace says no: `{error_code, message, details}`, as its clients parse it."""

from __future__ import annotations

from typing import Any

_DOMAIN = "seatrial.fakes.databricks"


class Refused(Exception):  # noqa: N818 - an answer to a client, never seen outside of the fake
    """The service would refuse this request.

    Args:
        message: as the service writes it, where its wording is known.
        status: of the answer.
        code: what clients choose their class of error by. The service writes a number where it has no name.
        scim: whether it is written as SCIM writes errors.
    """

    def __init__(self, message: str, *, status: int, code: str | int, scim: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.scim = scim

    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        if self.scim:
            return {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "detail": self.message,
                "status": str(self.status),
            }
        return error_body(self.message, code=self.code)


def error_body(message: str, *, code: str | int) -> dict[str, Any]:
    """An error as most routes write it; those of Unity Catalog have details, which clients may do without."""
    if isinstance(code, int):
        return {"error_code": code, "message": message}
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {
        "error_code": code,
        "message": message,
        "details": [{"@type": kind, "reason": code, "domain": _DOMAIN}],
    }


_BY_STATUS = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_CONFLICT",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def code_of(status: int) -> str:
    """The code that goes with a status where nothing more is known."""
    return _BY_STATUS.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")  # noqa: PLR2004 - HTTP


def invalid(message: str) -> Refused:
    """A parameter is not what the route expects."""
    return Refused(message, status=400, code="INVALID_PARAMETER_VALUE")


def denied(message: str) -> Refused:
    """The caller lacks a right."""
    return Refused(message, status=403, code="PERMISSION_DENIED")


def lacking(privilege: str, kind: str, name: str) -> Refused:
    """The caller lacks a privilege on something of Unity Catalog."""
    return denied(lacking_text(privilege, kind, name))


def lacking_text(privilege: str, kind: str, name: str) -> str:
    """The sentence for it, which SQL writes as well."""
    return f"User does not have {privilege.replace('_', ' ')} on {kind.capitalize()} '{name}'."


def missing(what: str, *, code: str = "RESOURCE_DOES_NOT_EXIST") -> Refused:
    """Something is not there.

    Args:
        what: with its name, such as `Schema 'main.sales'`.
        code: that of the kind.
    """
    return Refused(f"{what} does not exist.", status=404, code=code)


def taken(what: str, *, code: str = "RESOURCE_ALREADY_EXISTS") -> Refused:
    """Something is there already."""
    return Refused(f"{what} already exists", status=400, code=code)
