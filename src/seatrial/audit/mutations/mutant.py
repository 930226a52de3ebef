"""One thing that a schema promises, and the statements that take it away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What kind of promise a mutant breaks, in the order of the summary."""

    POLICY = "policy"
    OPEN_POLICY = "policy for all rows"
    ROW_SECURITY = "row-level security"
    FORCE = "forced row-level security"
    TRIGGER = "trigger"
    PRIMARY_KEY = "primary key"
    FOREIGN_KEY = "foreign key"
    UNIQUE = "unique"
    CHECK = "check"
    NOT_NULL = "not null"
    INDEX = "index"
    DEFAULT = "default"
    TYPE = "type"
    SCHEMA = "whole schema"

    @property
    def dies_by_behaviour(self) -> bool:
        """Whether a comparison of schemas is not enough: some test has to meet what is missing."""
        return self not in (Kind.INDEX, Kind.DEFAULT, Kind.TYPE, Kind.SCHEMA)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A schema with one thing missing.

    Attributes:
        name: what is missing, the same from run to run: `orders: policy own_rows`, `orders.total: not null`.
        kind: of what kind that is.
        relations: `schema.name` of the tables that behave otherwise; empty for all there are.
        statements: what takes it away, to be executed by a superuser in one transaction.
    """

    name: str
    kind: Kind
    relations: tuple[str, ...]
    statements: tuple[str, ...]
