"""The body of a request or an answer: its media type, and its schema if it is JSON."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from seatrial.fakes.http.openapi.schemas import Schemas, Violation, Way

if TYPE_CHECKING:
    from seatrial.fakes.http.openapi.document import Part


def body_violation(
    content: Part, *, media_type: str, body: bytes, way: Way, schemas: Schemas
) -> Violation | None:
    """What is wrong with a body; None when the document allows it.

    Args:
        content: the media types that are documented, each with its schema.
        media_type: that of the body, without parameters; empty for no body.
        body: the bytes.
        way: whose body it is.
        schemas: holds JSON against schemas.
    """
    documented = {name.partition(";")[0].strip().lower(): part for name, part in content.children()}
    if not documented and not media_type:
        return None
    # The most specific of `application/json`, `application/*` and `*/*`.
    fitting = sorted(
        (name for name in documented if fnmatchcase(media_type, name)), key=lambda name: name.count("*")
    )
    if not fitting:
        return Violation(
            where="the content type",
            expected=" or ".join(documented) or "no body",
            found=media_type or "no body",
        )
    schema = documented[fitting[0]].below("schema")
    if schema.value is None or not is_json(media_type):
        return None
    try:
        value = json.loads(body)
    except ValueError:
        return Violation(where="the body", expected="JSON", found=f"{len(body)} byte(s) that are not")
    return schemas.violation(schema, value, way=way)


def is_json(media_type: str) -> bool:
    """Whether a body of this media type is JSON."""
    return media_type == "application/json" or media_type.endswith("+json")
