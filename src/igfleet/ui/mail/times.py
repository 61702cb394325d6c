"""When a person is told: at once or at the times of a digest, and never in their quiet hours but for what is urgent."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from igfleet.ui.models import MailChoice, MailPace
from igfleet.ui.quiet_hours import quiet_until, zone_of
from igfleet.ui.schedule.zones import instant

GATHERED = timedelta(minutes=1)
"""So long after the first event the mail is written, with what came meanwhile."""
_HOUR = timedelta(hours=1)


def is_due(choice: MailChoice, event: str, noted_at: datetime, now: datetime) -> bool:
    """Whether what was noted then is told now."""
    if event in choice.urgent:
        return noted_at + GATHERED <= now
    return _at(choice, noted_at) <= now and quiet_until(choice, now) <= now


def _at(choice: MailChoice, noted_at: datetime) -> datetime:
    """The first time at which it may be told, whatever is quiet."""
    zone = zone_of(choice)
    if choice.pace == MailPace.HOURLY:
        return _next_hour(noted_at, choice.digest_at, zone)
    if choice.pace == MailPace.DAILY:
        return _next_day(noted_at, choice.digest_at, zone)
    return noted_at + GATHERED


def _next_hour(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    local = after.astimezone(zone)
    passed = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    wait = timedelta(minutes=at.minute) - passed
    return after + (wait if wait > timedelta() else wait + _HOUR)


def _next_day(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    today = after.astimezone(zone).date()
    moments = (instant(datetime.combine(today + timedelta(days=days), at), zone) for days in range(3))
    return next(moment for moment in moments if moment > after)
