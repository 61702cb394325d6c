"""Hours in which somebody is told only what is urgent, by the clock of their zone: of a person's mail, of a webhook."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from igfleet.ui.models import MailChoice, Webhook
from igfleet.ui.schedule.zones import UTC_ZONE, instant, is_zone


@dataclass(frozen=True, slots=True)
class QuietHours:
    """As they stand in a form; times as HH:MM, both empty for none."""

    begin: str = ""
    end: str = ""
    timezone: str = UTC_ZONE


NEVER = QuietHours()


def quiet_until(told: MailChoice | Webhook, moment: datetime) -> datetime:
    """When the quiet hours end in which a moment lies; outside of them, the moment itself."""
    begin, end = told.quiet_from, told.quiet_until
    if begin is None or end is None or begin == end:
        return moment
    zone = zone_of(told)
    local = moment.astimezone(zone)
    at = local.time()
    is_quiet = begin <= at < end if begin < end else at >= begin or at < end
    if not is_quiet:
        return moment
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return max(moment, instant(datetime.combine(day, end), zone))  # of an hour that comes twice, the first counts


def zone_of(told: MailChoice | Webhook) -> ZoneInfo:
    """UTC for one that this machine no longer knows."""
    return ZoneInfo(told.timezone if is_zone(told.timezone) else UTC_ZONE)


def written(told: MailChoice | Webhook) -> QuietHours:
    """As they stand in a form."""
    begin, end = ("" if at is None else f"{at:%H:%M}" for at in (told.quiet_from, told.quiet_until))
    return QuietHours(begin, end, told.timezone)


def checked(wanted: QuietHours, wrong: dict[str, str]) -> dict[str, Any]:
    """The columns. What is wrong with a field is added to `wrong`."""
    begin, end = (
        checked_time(name, text, wrong) for name, text in (("quiet_from", wanted.begin), ("quiet_until", wanted.end))
    )
    zone = wanted.timezone.strip()
    if not is_zone(zone):
        wrong["timezone"] = "This is no time zone: write it as Europe/Berlin"
    if not {"quiet_from", "quiet_until"} & set(wrong) and (begin is None) != (end is None):
        wrong["quiet_until"] = "Quiet hours need a beginning and an end."
    return {"quiet_from": begin, "quiet_until": end, "timezone": zone}


def checked_time(name: str, text: str, wrong: dict[str, str]) -> time | None:
    """Hours and minutes of a field, None for nothing. What is no time is added to `wrong`."""
    try:
        return time.fromisoformat(text.strip()).replace(second=0, microsecond=0, tzinfo=None) if text.strip() else None
    except ValueError:
        wrong[name] = "Write a time, as in 07:30"
        return None
