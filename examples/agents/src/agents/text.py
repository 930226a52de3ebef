"""Text as it comes from outside."""

from pydantic import AfterValidator


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("NUL characters cannot be stored")
    return text


# PostgreSQL's text holds every character but this one.
storable = AfterValidator(_without_nul)
