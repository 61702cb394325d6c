"""The chart of the last day: what was published, done besides, and failed in each of its 24 hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.plurals import counted
from igfleet.runners import KINDS

HOURS = 24
_HOUR = timedelta(hours=1)
_WIDTH, _HEIGHT, _GAP, _LEAST = 20.0, 100.0, 4.0, 1.5
_ROUND, _FEW = (1, 2, 3, 4, 5, 6, 8, 10), 4
PLAIN_KINDS = tuple(kind for kind, runner in KINDS.items() if not runner.has_posts)
"""Kinds whose account tasks are counted themselves, as they have no posts."""
_HOURLY = """
SELECT found.done, found.failed FROM generate_series(0, 23) AS n CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state = '{done}') AS done, count(*) FILTER (WHERE state = '{failed}') AS failed
  FROM {table} WHERE state IN ('{done}', '{failed}') AND {which}
    AND {at} >= CAST(:since AS timestamptz) + n * interval '1 hour'
    AND {at} < CAST(:since AS timestamptz) + (n + 1) * interval '1 hour') AS found
ORDER BY n
"""  # a range of the index for each hour: half as long as to group a day by its hours
_POSTS = text(
    _HOURLY.format(table="posts", at="changed_at", which="true", done=PostState.PUBLISHED, failed=PostState.FAILED)
)
_ENDED = {"done": AccountTaskState.COMPLETED, "failed": AccountTaskState.DISCARDED}
_OTHERS = text(_HOURLY.format(table="account_tasks", at="finished_at", which="kind = ANY(:kinds)", **_ENDED))


@dataclass(frozen=True, slots=True)
class Hour:
    """What ended within one hour."""

    since: datetime
    published: int = 0
    done: int = 0
    """Account tasks of kinds without posts."""
    failed: int = 0

    @property
    def all(self) -> int:
        return self.published + self.done + self.failed

    @property
    def name(self) -> str:
        since = self.since.astimezone(UTC)
        return f"{since:%H:%M} to {since + _HOUR:%H:%M}"

    @property
    def told(self) -> str:
        return f"{self.name} UTC: {self.published} published, {self.done} other work done, {self.failed} failed"


@dataclass(frozen=True, slots=True)
class Piece:
    """One colour of a bar, in the units of the drawing."""

    colour: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Throughput:
    """24 hours, the oldest first; the last one ends now."""

    hours: Sequence[Hour]
    width: float = HOURS * _WIDTH
    height: float = _HEIGHT

    @property
    def published(self) -> int:
        return sum(hour.published for hour in self.hours)

    @property
    def done(self) -> int:
        return sum(hour.done for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def ceiling(self) -> int:
        """What the top of the drawing stands for: a round number."""
        most, step = max(_FEW, *(hour.all for hour in self.hours)), 1
        while most > 10 * step:
            step *= 10
        return next(times * step for times in _ROUND if times * step >= most)

    @property
    def told(self) -> str:
        """The drawing in words."""
        busiest = max(self.hours, key=lambda hour: hour.all)
        sums = f"{counted(self.published, 'post')} published, {self.done} other work done, {self.failed} failed"
        return f"The last 24 hours: {sums}; most from {busiest.name} UTC: {busiest.all}"

    def bars(self) -> Iterable[tuple[Hour, list[Piece]]]:
        """Each hour with the pieces of its bar, from the ground up."""
        for number, hour in enumerate(self.hours):
            pieces, top = [], _HEIGHT
            for colour, count in (("green", hour.published), ("blue", hour.done), ("red", hour.failed)):
                height = max(round(count / self.ceiling * _HEIGHT, 2), _LEAST) if count else 0
                top -= height
                if count:
                    pieces.append(Piece(colour, number * _WIDTH + _GAP / 2, round(top, 2), _WIDTH - _GAP, height))
            yield hour, pieces


async def throughput(session: AsyncSession, now: datetime) -> Throughput:
    """Of the 24 hours that end now."""
    since = now - HOURS * _HOUR
    posts = (await session.execute(_POSTS, {"since": since})).all()
    others = (await session.execute(_OTHERS, {"since": since, "kinds": list(PLAIN_KINDS)})).all()
    return Throughput(
        [
            Hour(since + number * _HOUR, post.done, other.done, post.failed + other.failed)
            for number, (post, other) in enumerate(zip(posts, others, strict=True))
        ]
    )
