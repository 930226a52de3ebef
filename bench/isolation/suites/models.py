"""Twelve tables as SQLAlchemy models, and as many more as `BENCH_TABLES` asks for."""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Integer, Numeric, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TABLES = "BENCH_TABLES"
"""The variable with the number of tables; at least, and by default, twelve."""

_KEY = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The metadata of all suites."""


class Stamped:
    """A table that notes when a row was made."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Company(Stamped, Base):
    __tablename__ = "company"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)


class Sailor(Stamped, Base):
    __tablename__ = "sailor"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class Rank(Base):
    __tablename__ = "rank"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class SailorRank(Base):
    __tablename__ = "sailor_rank"
    sailor_id: Mapped[int] = mapped_column(ForeignKey("sailor.id"), primary_key=True)
    rank_id: Mapped[int] = mapped_column(ForeignKey("rank.id"), primary_key=True)


class Ship(Stamped, Base):
    __tablename__ = "ship"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    name: Mapped[str]
    notes: Mapped[str | None]


class Voyage(Stamped, Base):
    __tablename__ = "voyage"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    ship_id: Mapped[int] = mapped_column(ForeignKey("ship.id"), index=True)
    captain_id: Mapped[int | None] = mapped_column(ForeignKey("sailor.id"))
    destination: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)


class LogEntry(Stamped, Base):
    __tablename__ = "log_entry"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    voyage_id: Mapped[int] = mapped_column(ForeignKey("voyage.id"), index=True)
    text: Mapped[str]


class Flag(Base):
    __tablename__ = "flag"
    __table_args__ = (UniqueConstraint("company_id", "name"),)
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    name: Mapped[str]


class VoyageFlag(Base):
    __tablename__ = "voyage_flag"
    voyage_id: Mapped[int] = mapped_column(ForeignKey("voyage.id"), primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flag.id"), primary_key=True)


class Invoice(Stamped, Base):
    __tablename__ = "invoice"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class InvoiceLine(Base):
    __tablename__ = "invoice_line"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class Event(Stamped, Base):
    __tablename__ = "event"
    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    action: Mapped[str] = mapped_column(index=True)


def _further(number: int) -> type[Base]:
    """One more table, of the commonest shape: a key, a reference with an index, a text."""

    class Further(Base):
        __tablename__ = f"further_{number}"
        id: Mapped[int] = mapped_column(_KEY, primary_key=True)
        company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
        text: Mapped[str]

    return Further


further = [_further(number) for number in range(len(Base.metadata.tables), int(os.environ.get(TABLES, "12")))]
