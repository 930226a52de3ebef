"""Kinds of input that several operations share."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agents.resources import Resources, resources_of
from agents.text import storable

_LARGEST_OFFSET = 2**31 - 1


Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), storable]
MessageText = Annotated[str, StringConstraints(min_length=1, max_length=32_000), storable]

# Text, not UUID: an id that is no UUID belongs to no object, which is 404 and not 422.
ObjectId = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


class Body(BaseModel):
    """A request body; keys nobody knows are refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel):
    """Which part of a list."""

    limit: int = Field(default=50, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=_LARGEST_OFFSET)


class ConversationPage(Page):
    """Which part of a list of conversations."""

    include_archived: bool = False


Paging = Annotated[Page, Query()]
ConversationPaging = Annotated[ConversationPage, Query()]


# Not a plain function: FastAPI would call that in a thread, at each request.
async def _opened(request: Request) -> Resources:
    return resources_of(request)


Opened = Annotated[Resources, Depends(_opened)]
