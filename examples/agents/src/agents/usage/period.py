"""A range of days, in UTC, both ends included."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends

from agents.db.base import utcnow
from agents.errors import Problem, invalid

_DEFAULT_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Period:
    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """The first moment of the first day."""
        return datetime.combine(self.first, time.min, UTC)

    @property
    def ends(self) -> datetime:
        """The last moment of the last day. Not the one after it: the last of all days has none."""
        return datetime.combine(self.last, time.max, UTC)


async def _period(date_from: date | None = None, date_to: date | None = None) -> Period:
    last = date_to or utcnow().date()
    first = date_from or last - min(timedelta(days=_DEFAULT_DAYS - 1), last - date.min)
    if first > last:
        raise invalid([Problem(field="date_from", message=f"must not be after date_to, {last}")])
    return Period(first=first, last=last)


InPeriod = Annotated[Period, Depends(_period)]
