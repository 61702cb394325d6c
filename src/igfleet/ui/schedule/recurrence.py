"""When a task repeats, and what becomes of a time that was missed. No database here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from igfleet.ui.schedule.zones import instant

ON_TIME = timedelta(minutes=5)
"""So much later is still on time: the ui was restarted, or busy."""
_DAY = timedelta(days=1)
_LONGEST_GAP = timedelta(days=400)
"""Times before that are over and done with."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Missed(StrEnum):
    """What happens when nobody was there at the time."""

    LATE = "late"
    """Run late, within a limit."""
    SKIP = "skip"
    HOLD = "hold"
    """Make it, and leave the start to a person."""


class Fate(StrEnum):
    """What becomes of one time."""

    MAKE = "make"
    HOLD = "hold"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Rule:
    """At a time of the clock in a zone, on some days of the week."""

    weekdays: frozenset[int]
    """0 is Monday; all seven is daily."""
    at: time
    zone: str

    def __str__(self) -> str:
        if len(self.weekdays) == len(WEEKDAYS):
            days = "Every day"
        else:
            days = "Every " + ", ".join(WEEKDAYS[day] for day in sorted(self.weekdays))
        return f"{days} at {self.at:%H:%M}, {self.zone}"


def following(rule: Rule, after: datetime) -> Iterator[datetime]:
    """The times of a rule later than a moment, in UTC and in order, without end.

    A time that the clocks skip is as much later as they jump; one that comes twice is the first of the two. So there is
    exactly one for each date, and none twice.
    """
    zone = ZoneInfo(rule.zone)
    day = after.astimezone(zone).date() - _DAY
    last = after.astimezone(UTC)
    while rule.weekdays:
        if day.weekday() in rule.weekdays:
            at = instant(datetime.combine(day, rule.at), zone)
            if at > last:
                yield at
                last = at
        day += _DAY


def upcoming(rule: Rule, after: datetime, count: int) -> list[datetime]:
    """The next so many times."""
    return list(islice(following(rule, after), count))


def fates(
    rule: Rule, missed: Missed, late_within: timedelta, first: datetime, now: datetime
) -> list[tuple[datetime, Fate]]:
    """What becomes of every time from `first` to now: the newest is made when it is on time, or as the policy says;
    the older ones are skipped, for they were overtaken."""
    due = []
    for at in following(rule, max(first - timedelta(microseconds=1), now - _LONGEST_GAP)):
        if at > now:
            break
        due.append(at)
    return [(at, Fate.SKIP) for at in due[:-1]] + [(at, _fate(now - at, missed, late_within)) for at in due[-1:]]


def _fate(late: timedelta, missed: Missed, late_within: timedelta) -> Fate:
    if late <= ON_TIME:
        return Fate.MAKE
    match missed:
        case Missed.LATE:
            return Fate.MAKE if late <= late_within else Fate.SKIP
        case Missed.HOLD:
            return Fate.HOLD
        case Missed.SKIP:
            return Fate.SKIP
