"""A user or a service principal of the workspace."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

Kind = Literal["user", "service_principal"]

EVERYBODY = "account users"
"""The group that everybody is in."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can sign in."""

    label: str
    """How the settings and the profiles call them."""
    name: str
    """What grants name them by: the email of a user, the application id of a service principal."""
    kind: Kind
    display_name: str
    groups: tuple[str, ...] = ()
    admin: bool = False
    """Whether they administer metastore and workspace, and may do everything."""
    active: bool = True

    @property
    def id(self) -> str:
        """A number, the same in each run."""
        return str(7_000_000_000 + crc32(self.name.encode()))

    @property
    def principals(self) -> tuple[str, ...]:
        """Everything a grant to which is a grant to them."""
        return (self.name, *self.groups, EVERYBODY)

    def scim(self) -> dict[str, Any]:
        """As SCIM describes them."""
        groups = ("admins", *self.groups) if self.admin else self.groups
        given, _, family = self.display_name.partition(" ")
        return {
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:workspace:2.0:User",
            ],
            "id": self.id,
            "userName": self.name,
            "displayName": self.display_name,
            "active": self.active,
            "emails": [{"type": "work", "value": self.name, "primary": True}] if self.kind == "user" else [],
            "name": {"givenName": given, "familyName": family},
            "groups": [
                {
                    "display": group,
                    "type": "direct",
                    "value": str(crc32(group.encode())),
                    "$ref": f"Groups/{group}",
                }
                for group in groups
            ],
        }


def application_id(label: str) -> str:
    """The application id of a service principal, the same in each run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"seatrial:service-principal:{label}"))
