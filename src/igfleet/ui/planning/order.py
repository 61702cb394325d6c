"""All that a plan is computed from, read in one go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from igfleet.contracts.tasks import Subject
from igfleet.errors import Invalid
from igfleet.media.facts import MediaKind
from igfleet.runners import options_of, runner_of
from igfleet.runners.base import Options
from igfleet.runners.bulk_upload import BulkUpload, BulkUploadOptions
from igfleet.runners.targets import TargetedOptions
from igfleet.ui import targets
from igfleet.ui.models import Account, Media, Proxy, Target, Task, TaskMedia
from igfleet.ui.models.base import among
from igfleet.ui.planning.draft import Captions


@dataclass(frozen=True, slots=True)
class Order:
    """A task with its accounts and files, in the order in which they are dealt out."""

    task: Task
    options: Options
    captions: Captions
    accounts: Sequence[Account]
    media: Sequence[TaskMedia]
    covers: Mapping[str, Media]
    """Pictures of the library by lower-case name, for a captions file that names them."""
    proxies: Sequence[Proxy]
    """Of a kind about proxies: those of its accounts and those that its options name."""
    behind: Mapping[int, Sequence[str]]
    """By proxy, the user names of the accounts that leave through it."""
    now: datetime
    """By the database's clock."""
    targets: Sequence[Target] = ()
    """Whom a kind that follows people may follow."""
    settled: Mapping[int, Collection[int]] = field(default_factory=dict)
    """By account: the targets that it need not be asked to follow again."""

    @property
    def upload(self) -> BulkUploadOptions:
        """The options of a kind with posts. Raises `Invalid` for any other."""
        if not isinstance(self.options, BulkUploadOptions):
            raise Invalid(f"A task of kind {self.task.kind!r} has no posts to plan; {BulkUpload.kind!r} has.")
        return self.options

    @property
    def begins(self) -> datetime:
        """When posts without a time of their own are published."""
        return max(self.now, self.task.start_at) if self.task.start_at else self.now

    @property
    def videos(self) -> list[Media]:
        return [medium.file for medium in self.media]


async def order_of(session: AsyncSession, task: Task) -> Order:
    """The order of a task. The accounts are locked, so that two plans of one account wait for each other."""
    options = options_of(task.kind, task.options)
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    accounts = await _accounts(session, task.account_ids)
    proxies = await _proxies(session, task.kind, accounts, options)
    people = await targets.wanted_by(session, options, task.created_by) if _follows(options) else []
    return Order(
        task,
        options,
        Captions.model_validate(task.captions or {}),
        accounts,
        await _media(session, task.id),
        await _covers(session),
        proxies,
        await _behind(session, [proxy.id for proxy in proxies]),
        now,
        people,
        await targets.settled(session, task.account_ids, [one.id for one in people]) if people else {},
    )


def _follows(options: Options) -> TypeGuard[TargetedOptions]:
    return isinstance(options, TargetedOptions) and options.has_targets


async def _accounts(session: AsyncSession, ids: Sequence[int]) -> list[Account]:
    rows = await session.scalars(
        select(Account)
        .where(Account.id.in_(ids))
        .order_by(Account.id)
        .options(selectinload(Account.proxy))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    places = {account_id: place for place, account_id in enumerate(ids)}
    return sorted(rows, key=lambda account: places[account.id])


async def _proxies(session: AsyncSession, kind: str, accounts: Sequence[Account], options: Options) -> list[Proxy]:
    if runner_of(kind).subject is not Subject.PROXY:
        return []
    wanted = {account.proxy_id for account in accounts if account.proxy_id is not None} | set(options.named_proxies)
    return list(await session.scalars(select(Proxy).where(among(Proxy.id, wanted))))


async def _behind(session: AsyncSession, proxy_ids: Sequence[int]) -> dict[int, list[str]]:
    """The accounts of each proxy that are in use, by name."""
    found: dict[int, list[str]] = {}
    if proxy_ids:
        query = select(Proxy.id, Account.username).join(Account, Account.proxy_id == Proxy.id)
        in_use = query.where(among(Proxy.id, proxy_ids), Account.archived_at.is_(None)).order_by(Account.username)
        for proxy_id, username in await session.execute(in_use):
            found.setdefault(proxy_id, []).append(username)
    return found


async def _media(session: AsyncSession, task_id: int) -> list[TaskMedia]:
    rows = await session.scalars(
        select(TaskMedia)
        .where(TaskMedia.task_id == task_id)
        .order_by(TaskMedia.position)
        .options(selectinload(TaskMedia.file))
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def _covers(session: AsyncSession) -> dict[str, Media]:
    rows = await session.scalars(select(Media).where(Media.kind == MediaKind.IMAGE).order_by(Media.id.desc()))
    return {media.name.lower(): media for media in rows}
