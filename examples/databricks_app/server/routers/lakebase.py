"""What a user has set."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from server.lib.errors import refusals
from server.lib.guard import SignedIn, documented_token, on_behalf
from server.lib.inputs import LARGEST_OFFSET
from server.lib.resources import OpenLakebase
from server.models.user_preference import NewPreference, UserPreference
from server.services.lakebase_service import LakebaseService

router = APIRouter(
    prefix="/api/lakebase/preferences",
    tags=["lakebase"],
    route_class=on_behalf(invalid_body="INVALID_PREFERENCE"),
    dependencies=[documented_token],
)

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET)]


@router.get("", responses=refusals(400, 401, 503))
async def list_preferences(
    caller: SignedIn, lakebase: OpenLakebase, limit: Limit = 100, offset: Offset = 0
) -> list[UserPreference]:
    """One's own, the oldest first."""
    found = await LakebaseService(lakebase, caller.user_id).preferences(limit=limit, offset=offset)
    return [UserPreference.of(preference) for preference in found]


@router.post("", status_code=201, responses=refusals(400, 401, 503))
async def save_preference(caller: SignedIn, lakebase: OpenLakebase, new: NewPreference) -> UserPreference:
    """Store a value under its key, in place of an older one."""
    return UserPreference.of(await LakebaseService(lakebase, caller.user_id).save(new))


# A key may be spelled with a slash, though none is stored so: that is 404 like any other that is not there.
@router.delete("/{key:path}", status_code=204, responses=refusals(401, 404, 503))
async def delete_preference(caller: SignedIn, lakebase: OpenLakebase, key: Annotated[str, Path()]) -> None:
    await LakebaseService(lakebase, caller.user_id).remove(key)
