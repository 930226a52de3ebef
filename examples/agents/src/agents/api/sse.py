"""Server-sent events on the wire."""

import json
from typing import Any

EVENT_STREAM = "text/event-stream"


def event(name: str, body: dict[str, Any]) -> str:
    """One event; JSON has no raw line breaks, so the body is a single data line."""
    return f"event: {name}\ndata: {json.dumps(body)}\n\n"
