"""What a plan's preview shows besides its rows: how it lies in time, what is left of the budgets, and all of it as a
sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.runners import runner_of
from igfleet.settings import UiSettings
from igfleet.ui.exports import Sheet
from igfleet.ui.models import Account, AccountTask, Media, Post, Task
from igfleet.ui.planning.history import history_of

_MOST_BARS = 120
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_COUNTS = text("""
SELECT date_trunc(CAST(:step AS text), coalesce(p.scheduled_at, t.start_at, now()), 'UTC') AS at, count(*) AS n
FROM posts p JOIN tasks t ON t.id = p.task_id WHERE t.id = :task GROUP BY 1 ORDER BY 1
""")
_POST_COLUMNS = ("when", "account", "video", "caption", "location", "mentions", "round")


@dataclass(frozen=True, slots=True)
class Bar:
    """The posts of an hour or a day, by UTC."""

    place: int
    """So many hours or days after the first."""
    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Bars:
    step: str
    """`hour`, or `day` where there would be too many."""
    bars: Sequence[Bar] = ()

    @property
    def length(self) -> int:
        return self.bars[-1].place + 1 if self.bars else 0

    @property
    def most(self) -> int:
        return max((bar.count for bar in self.bars), default=0)


async def bars_of(session: AsyncSession, task_id: int) -> Bars:
    """How many posts there are in each hour; over a long time, in each day."""
    for step, length in (("hour", _HOUR), ("day", _DAY)):
        rows = (await session.execute(_COUNTS, {"step": step, "task": task_id})).all()
        made = Bars(step, [Bar(int((row.at - rows[0].at) / length), row.at, row.n) for row in rows])
        if made.length <= _MOST_BARS:
            break
    return made


async def left_after(session: AsyncSession, settings: UiSettings, task: Task, posts: Sequence[Post]) -> dict[int, int]:
    """By post, how many more its account may publish within a day when it is out."""
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    history = await history_of(session, task.id, list({post.account_id for post in posts}), [], now)
    begins = max(now, task.start_at) if task.start_at else now
    left = {}
    for post in sorted(posts, key=lambda one: one.scheduled_at or begins):
        at = max(post.scheduled_at or begins, begins)
        history.accept(post.account_id, post.media_sha256, at)
        left[post.id] = max(settings.publish_budget_per_day - history.in_day(post.account_id, at), 0)
    return left


async def sheet_of(session: AsyncSession, task: Task) -> Sheet:
    """The whole plan: every post, or every account task with its share."""
    runner = runner_of(task.kind)
    in_order = AccountTask.position, AccountTask.id
    if not runner.has_posts:
        shares = select(func.coalesce(Account.username, AccountTask.title), AccountTask.share)
        query = shares.outerjoin(Account, Account.id == AccountTask.account_id).where(AccountTask.task_id == task.id)
        rows = await session.execute(query.order_by(*in_order))
        names = runner.share_columns
        return Sheet(("about", *names), [[title, *(share.get(name) for name in names)] for title, share in rows])
    query = (
        select(Post, Account.username, Media.name)
        .join(AccountTask, AccountTask.id == Post.account_task_id)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .where(Post.task_id == task.id)
        .order_by(Post.round, AccountTask.position, Post.position)
    )
    return Sheet(_POST_COLUMNS, [_post_row(*row) for row in await session.execute(query)])


def _post_row(post: Post, username: str, video: str) -> list[object]:
    place = post.location["name"] if post.location else ""
    return [post.scheduled_at, username, video, post.caption, place, ", ".join(post.mentions), post.round + 1]
