"""Who calls, by the token that the platform forwards, and where."""

from dataclasses import dataclass, field

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import DatabricksError
from databricks.sdk.service.iam import User
from pydantic import BaseModel

from server.lib.workspace import Workspace, auth_invalid


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A user and the token that speaks for them."""

    user_id: str
    email: str
    display_name: str
    active: bool
    token: str = field(repr=False)


class WorkspaceInfo(BaseModel):
    workspace_id: str
    workspace_url: str


async def signed_in(workspace: Workspace, token: str) -> Caller:
    """The user behind a token. Asked at every request: a token that was taken back is noticed at once.

    Raises:
        ApiError: 401, the workspace does not know the token, or the user is not active; 503.
    """
    try:
        me = await workspace.call(token, _me)
    except DatabricksError:
        # Some versions of the service answer an unknown token with 403 or 400.
        raise auth_invalid() from None
    if me.active is False or not me.id:
        raise auth_invalid()
    email = _email(me)
    return Caller(user_id=me.id, email=email, display_name=me.display_name or email, active=True, token=token)


async def workspace_of(workspace: Workspace, caller: Caller) -> WorkspaceInfo:
    """The workspace that answers this caller.

    Raises:
        ApiError: 401 or 503.
    """
    try:
        return await workspace.call(caller.token, _workspace)
    except DatabricksError:
        raise auth_invalid() from None


def _me(client: WorkspaceClient) -> User:
    return client.current_user.me()


def _workspace(client: WorkspaceClient) -> WorkspaceInfo:
    return WorkspaceInfo(workspace_id=str(client.get_workspace_id()), workspace_url=client.config.host)


def _email(me: User) -> str:
    primary = [mail.value for mail in me.emails or [] if mail.value and mail.primary]
    return next(iter(primary), me.user_name or "")
