"""Local times of a zone as moments, and back. What the clocks skip or repeat has one meaning, everywhere the same."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from igfleet.errors import Invalid

UTC_ZONE = "UTC"


@cache
def zone_names() -> tuple[str, ...]:
    """The zones that people choose from."""
    places = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return (UTC_ZONE, *sorted(name for name in _known() if name.split("/")[0] in places))


def is_zone(name: str) -> bool:
    """Whether this machine knows the zone."""
    return name in _known()


@cache
def _known() -> frozenset[str]:
    """Asking anew would read a whole tree of folders."""
    return frozenset(available_timezones())


def checked(name: str) -> str:
    """The zone's name. Raises `Invalid`."""
    if not is_zone(name.strip()):
        message = "is no time zone: write it as Europe/Berlin"
        raise Invalid(f"{name!r} {message}.", {"zone": message})
    return name.strip()


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """A local time as a moment in UTC. One that the clocks skip is as much later as they jump; of two, the first."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins: at midnight, or where the clocks skip it, at the first minute that there is."""
    midnight = datetime.combine(day, time())
    at = instant(midnight, zone)
    if at.astimezone(zone).replace(tzinfo=None) == midnight:
        return at
    earlier = midnight.replace(tzinfo=zone, fold=1).astimezone(UTC)  # by the clock after the jump
    return _jump(earlier, at, zone)


def _jump(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the clocks jump."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
