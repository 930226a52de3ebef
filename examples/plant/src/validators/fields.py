"""Texts and lists that the database can hold and people can read."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def storable(text: str) -> str:
    """Refuse what PostgreSQL cannot store: the character NUL, and halves of surrogate pairs."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("contains characters that cannot be stored")
    return text


def distinct(texts: list[str]) -> list[str]:
    """The same without repetitions, in order."""
    return list(dict.fromkeys(texts))


Storable = AfterValidator(storable)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Storable]
Text = Annotated[str, StringConstraints(max_length=10_000), Storable]
ExternalId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), Storable]
Tags = Annotated[list[Short], AfterValidator(distinct)]
Attributes = dict[Short, Text]
