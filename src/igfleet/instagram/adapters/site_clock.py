"""Instagram's own clock, by which it dates what is published."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def site_time(date: object) -> datetime | None:
    """The `Date` of an answer, to the second; None when there is none or it is no date."""
    try:
        found = parsedate_to_datetime(str(date))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None
