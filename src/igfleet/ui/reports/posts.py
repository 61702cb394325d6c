"""Posts of a period, for each client or tag: planned, live, verified, failed."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.tasks import Mode
from igfleet.errors import Invalid
from igfleet.ui.exports import Sheet
from igfleet.ui.schedule.zones import first_moment, is_zone

_DAY = timedelta(days=1)
YEARS = range(2000, 2200)
"""Of the days that a report may be about."""
_MOST_ROWS = 5_000
_COUNTED = """
WITH period AS (
  SELECT p.id, p.account_id, p.state FROM posts p JOIN tasks t ON t.id = p.task_id
  WHERE t.state <> 'draft' AND t.mode = :mode
    AND coalesce(p.published_at, p.scheduled_at) >= :since AND coalesce(p.published_at, p.scheduled_at) < :until
  UNION ALL
  SELECT p.id, p.account_id, p.state FROM tasks t JOIN posts p ON p.task_id = t.id
  WHERE t.state <> 'draft' AND t.mode = :mode AND p.published_at IS NULL AND p.scheduled_at IS NULL
    AND coalesce(t.start_at, t.started_at, t.created_at) >= :since
    AND coalesce(t.start_at, t.started_at, t.created_at) < :until
), seen AS (
  SELECT DISTINCT ON (c.post_id) c.post_id, c.state FROM checks c JOIN period ON period.id = c.post_id
  WHERE c.state IN ('verified', 'changed', 'missing') ORDER BY c.post_id, c.age_s DESC
), posts_of AS (
  SELECT period.id, period.state, seen.state AS looked, a.id AS account, {group} AS name
  FROM period JOIN accounts a ON a.id = period.account_id LEFT JOIN seen ON seen.post_id = period.id {join}
)
SELECT name, count(DISTINCT account) AS accounts, count(*) FILTER (WHERE state <> 'cancelled') AS planned,
  count(*) FILTER (WHERE state = 'published') AS published,
  count(*) FILTER (WHERE state = 'published' AND looked = 'verified') AS verified,
  count(*) FILTER (WHERE state = 'published' AND looked IN ('changed', 'missing')) AS wrong,
  count(*) FILTER (WHERE state = 'failed') AS failed,
  count(*) FILTER (WHERE state IN ('publishing', 'unknown', 'reconciling', 'needs_person')) AS in_doubt,
  count(*) FILTER (WHERE state IN ('planned', 'preparing')) AS to_come,
  count(*) FILTER (WHERE state = 'cancelled') AS cancelled
FROM posts_of GROUP BY GROUPING SETS ((name), ()) ORDER BY GROUPING(name) DESC, name LIMIT {most}
"""


class By(StrEnum):
    """What the posts are grouped by."""

    CLIENT = "client"
    TAG = "tag"


_GROUPS = {
    By.CLIENT: ("a.client", ""),
    By.TAG: (
        "coalesce(tagged.tag, '')",
        "LEFT JOIN LATERAL (SELECT DISTINCT unnest(a.tags) AS tag) tagged ON true",
    ),
}


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report, first and last included, in a zone."""

    first: date
    last: date
    zone: str

    @classmethod
    def of_month(cls, day: date, zone: str) -> "Period":
        """From the first of the month to the day."""
        return cls(day.replace(day=1), day, zone)


def asked(first: date | None, last: date | None, zone: str, by: str) -> tuple[Period, By]:
    """What a program or a command asks for; by default this month up to today. Raises `Invalid`."""
    wrong = {} if is_zone(zone) else {"zone": "is no time zone: write it as Europe/Berlin"}
    if by not in set(By):
        wrong["by"] = "is one of " + ", ".join(By)
    usual = Period.of_month(clock.now().astimezone(ZoneInfo("UTC" if wrong else zone)).date(), zone)
    period = Period(first or usual.first, last or usual.last, zone)
    for name, day in (("from", period.first), ("to", period.last)):
        if day.year not in YEARS:
            wrong[name] = f"is a day of the years {YEARS[0]} to {YEARS[-1]}"
    if period.last < period.first:
        wrong["to"] = "is before the first day"
    if wrong:
        told = "; ".join(f"{name}: {what}" for name, what in wrong.items())
        raise Invalid(f"There is no such report. {told}", wrong)
    return period, By(by)


@dataclass(frozen=True, slots=True)
class Row:
    """The posts of one client or tag."""

    name: str
    """Empty: accounts that have none."""
    accounts: int
    planned: int
    """All of the period but what was cancelled."""
    published: int
    verified: int
    """Of the published: seen again, as they were asked for."""
    wrong: int
    """Of the published: gone, or with another caption."""
    failed: int
    in_doubt: int
    to_come: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Report:
    rows: Sequence[Row]
    total: Row
    """Each post once, also where an account has several tags."""


async def report(session: AsyncSession, period: Period, by: By, mode: Mode) -> Report:
    """What came of the posts of a period. A post belongs to the day on which it was published or is planned; one
    without a time of its own to the day on which its task began."""
    zone, (group, join) = ZoneInfo(period.zone), _GROUPS[by]
    query = _COUNTED.format(group=group, join=join, most=_MOST_ROWS)
    given = {"since": first_moment(period.first, zone), "until": first_moment(period.last + _DAY, zone), "mode": mode}
    found = [Row(row[0] or "", *row[1:]) for row in await session.execute(text(query), given)]
    total = await _total(session, given) if by is By.TAG else found[0]
    return Report(found[1:], total)


async def _total(session: AsyncSession, given: dict[str, object]) -> Row:
    """Where accounts have several tags, the sum of the groups counts a post more than once."""
    query = _COUNTED.format(group="a.client", join="", most=_MOST_ROWS)
    return next(Row(row[0] or "", *row[1:]) for row in await session.execute(text(query), given))


def sheet(found: Report, by: By) -> Sheet:
    """The groups as a file, without the total."""
    columns = [by.value, *(field.name for field in fields(Row) if field.name != "name")]
    return Sheet(columns, [astuple(row) for row in found.rows])
