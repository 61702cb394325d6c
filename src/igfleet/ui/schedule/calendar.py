"""Days of a calendar in a zone, hour by hour: 23 hours where the clocks go forward, 25 where they go back."""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from zoneinfo import ZoneInfo

from igfleet.ui.schedule.zones import first_moment

_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
_LISTED_DAYS = 30


class View(StrEnum):
    """How much of the calendar is shown."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Hour:
    """A stretch of at most an hour that begins with a full hour of the clock, or where the clock jumped."""

    begins: datetime
    """In UTC."""
    ends: datetime
    label: str
    """`02:00`; with the zone's short name where the clock shows that time twice."""


@dataclass(frozen=True, slots=True)
class Day:
    """One date of a zone."""

    date: date
    begins: datetime
    ends: datetime
    hours: tuple[Hour, ...]
    note: str = ""
    """What the clocks do on that day, if anything."""


def shown_days(view: View, day: date) -> list[date]:
    """The dates of a view around a day: weeks begin on Monday, months are filled up to whole weeks."""
    match view:
        case View.DAY:
            return [day]
        case View.WEEK:
            return _from(day - day.weekday() * _DAY, 7)
        case View.LIST:
            return _from(day, _LISTED_DAYS)
        case View.MONTH:
            first = day.replace(day=1)
            last = day.replace(day=monthrange(day.year, day.month)[1])
            begins = first - first.weekday() * _DAY
            return _from(begins, (last + (6 - last.weekday()) * _DAY - begins).days + 1)


def stepped(view: View, day: date, steps: int) -> date:
    """The day around which the view before (-1) or after (1) is."""
    if view is View.MONTH:
        month = day.year * 12 + day.month - 1 + steps
        return date(month // 12, month % 12 + 1, 1)
    return day + steps * {View.DAY: 1, View.WEEK: 7, View.LIST: _LISTED_DAYS}[view] * _DAY


def day_of(day: date, zone: ZoneInfo) -> Day:
    """A date with its hours. One that the zone left out has none."""
    begins, ends = first_moment(day, zone), first_moment(day + _DAY, zone)
    if begins >= ends:
        return Day(day, begins, begins, (), "This day does not exist in this zone.")
    hours = tuple(_hours(begins, ends, zone))
    return Day(day, begins, ends, hours, _note(hours, zone))


def hour_of(hours: Sequence[Hour], at: datetime) -> Hour:
    """The hour in which a moment of the day lies."""
    return hours[max(bisect_right(hours, at, key=attrgetter("begins")) - 1, 0)]


def _from(day: date, count: int) -> list[date]:
    return [day + number * _DAY for number in range(count)]


def _hours(begins: datetime, ends: datetime, zone: ZoneInfo) -> Iterator[Hour]:
    at = begins
    while at < ends:
        local = at.astimezone(zone)
        is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        following = min(at + timedelta(minutes=60 - local.minute) - timedelta(seconds=local.second), ends)
        yield Hour(at, following, f"{local:%H:%M} {local.tzname()}" if is_twice else f"{local:%H:%M}")
        at = following


def _note(hours: Sequence[Hour], zone: ZoneInfo) -> str:
    """What the clocks do at the beginning of one of the hours."""
    for hour in hours:
        before, after = (hour.begins - _MOMENT).astimezone(zone), hour.begins.astimezone(zone)
        shift = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        skipped = (before + _MOMENT).replace(tzinfo=None)
        if shift > timedelta():
            return f"The clocks go forward: {skipped:%H:%M} to {after:%H:%M} does not exist."
        if shift < timedelta():
            return f"The clocks go back: {after:%H:%M} to {skipped:%H:%M} comes twice."
    return ""
