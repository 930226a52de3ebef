"""Who calls: a user with a tenant and a role, and the credential made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seatrial.config.names import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Identity:
    """A caller. The attributes that the settings declare can be read as attributes of the object.

    Args:
        name: how tests call it.
        headers: what a request of this caller carries, or a function that makes it for each request.
        tenant: the attributes of its tenant, its `name` among them; empty without a tenant.
        attributes: the attributes of the user, `role` among them.
    """

    def __init__(
        self,
        name: str,
        *,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]],
        tenant: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.tenant = dict(tenant or {})
        self.attributes = dict(attributes or {})
        self._headers = headers

    def __repr__(self) -> str:
        tenant = self.tenant.get("name")
        return f"Identity({self.name!r}, tenant={tenant!r}, role={self.role!r})"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of one request, made anew: a credential is never older than it looks."""
        return dict(self._headers() if callable(self._headers) else self._headers)

    @property
    def role(self) -> str | None:
        """The role of the user, None when none is declared."""
        return self.attributes.get("role")

    def __getattr__(self, name: str) -> Any:
        # Without the first test, copying an object that is not filled yet would never end.
        if not name.startswith("_") and name in self.attributes:
            return self.attributes[name]
        declared = () if name.startswith("_") else self.attributes
        raise AttributeError(
            f"this identity has no attribute {name!r}. {suggest(name, declared, none='none is declared')}"
        )
