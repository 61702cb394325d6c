"""When a person is told: at once or at the times of a digest, and never in their quiet hours but for what is urgent."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from igfleet.ui.models import MailChoice, MailPace
from igfleet.ui.schedule.zones import UTC_ZONE, instant, is_zone

GATHERED = timedelta(minutes=1)
"""So long after the first event the mail is written, with what came meanwhile."""
_HOUR = timedelta(hours=1)


def is_due(choice: MailChoice, event: str, noted_at: datetime, now: datetime) -> bool:
    """Whether what was noted then is told now."""
    if event in choice.urgent:
        return noted_at + GATHERED <= now
    return _at(choice, noted_at) <= now and quiet_until(choice, now) <= now


def quiet_until(choice: MailChoice, moment: datetime) -> datetime:
    """When the quiet hours end in which a moment lies; outside of them, the moment itself."""
    begin, end = choice.quiet_from, choice.quiet_until
    if begin is None or end is None or begin == end:
        return moment
    zone = _zone(choice)
    local = moment.astimezone(zone)
    at = local.time()
    is_quiet = begin <= at < end if begin < end else at >= begin or at < end
    if not is_quiet:
        return moment
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return max(moment, instant(datetime.combine(day, end), zone))  # of an hour that comes twice, the first counts


def _at(choice: MailChoice, noted_at: datetime) -> datetime:
    """The first time at which it may be told, whatever is quiet."""
    zone = _zone(choice)
    if choice.pace == MailPace.HOURLY:
        return _next_hour(noted_at, choice.digest_at, zone)
    if choice.pace == MailPace.DAILY:
        return _next_day(noted_at, choice.digest_at, zone)
    return noted_at + GATHERED


def _zone(choice: MailChoice) -> ZoneInfo:
    """UTC for one that this machine no longer knows."""
    return ZoneInfo(choice.timezone if is_zone(choice.timezone) else UTC_ZONE)


def _next_hour(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    local = after.astimezone(zone)
    passed = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    wait = timedelta(minutes=at.minute) - passed
    return after + (wait if wait > timedelta() else wait + _HOUR)


def _next_day(after: datetime, at: time, zone: ZoneInfo) -> datetime:
    today = after.astimezone(zone).date()
    moments = (instant(datetime.combine(today + timedelta(days=days), at), zone) for days in range(3))
    return next(moment for moment in moments if moment > after)
