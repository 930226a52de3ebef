"""Who calls, and where."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from server.lib.errors import refusals
from server.lib.guard import SignedIn, documented_token, on_behalf
from server.lib.resources import Opened
from server.services.user_service import Caller, WorkspaceInfo, workspace_of

router = APIRouter(
    prefix="/api/user/me", tags=["user"], route_class=on_behalf(), dependencies=[documented_token]
)


class CurrentUser(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    user_id: str
    email: str
    display_name: str
    active: bool


@router.get("", response_model=CurrentUser, responses=refusals(401, 503))
async def me(caller: SignedIn) -> Caller:
    return caller


@router.get("/workspace", responses=refusals(401, 503))
async def my_workspace(caller: SignedIn, resources: Opened) -> WorkspaceInfo:
    return await workspace_of(resources.workspace, caller)
