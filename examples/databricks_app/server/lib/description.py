"""The application's OpenAPI document, which says what it answers and nothing else."""

from typing import Any

from fastapi import FastAPI

_NEVER_USED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Take the framework's 422 out of the document: a malformed request is answered with 400."""
    framework = app.openapi

    def openapi() -> dict[str, Any]:
        document = framework()
        for operations in document["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        for name in _NEVER_USED:
            document["components"]["schemas"].pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # how FastAPI wants it to be extended
