"""Rows for tests: name only what matters."""

import hashlib
from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import MediaState
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, AccountTask, Media, Post, Proxy, Task
from igfleet.ui.planning.draft import CaptionForm, Captions, Draft, DraftMedia, create


async def accounts(session: AsyncSession, count: int, **fields: object) -> list[Account]:
    made = [
        Account(**{"username": f"nord_{number:02}", "authorised_by": "the agency's contract", **fields})
        for number in range(1, count + 1)
    ]
    session.add_all(made)
    await session.flush()
    return made


async def videos(session: AsyncSession, count: int, **fields: object) -> list[Media]:
    made = []
    for number in range(1, count + 1):
        name = f"clip_{number}.mp4"
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        row = {"name": name, "sha256": sha256, "size_bytes": 1, "state": MediaState.READY, "kind": "video"}
        made.append(Media(**{**row, **fields}))
    session.add_all(made)
    await session.flush()
    return made


async def draft(
    session: AsyncSession,
    settings: UiSettings,
    accounts: Sequence[Account],
    media: Sequence[Media],
    *,
    captions: str = "Hello",
    form: CaptionForm = CaptionForm.ONE,
    seed: int = 7,
    **options: JsonValue,
) -> Task:
    order = Draft(
        name="May reels",
        options=options,
        account_ids=tuple(account.id for account in accounts),
        media=tuple(DraftMedia(media_id=medium.id) for medium in media),
        captions=Captions(form=form, text=captions, timezone="Europe/Berlin"),
        seed=seed,
    )
    return await create(session, settings, order, "user:anna")


async def posts_of(session: AsyncSession, task: Task) -> list[tuple[str, str, str]]:
    """(account, video, caption) of a task, account by account."""
    rows = await session.execute(
        select(Account.username, Media.name, Post.caption)
        .join(Account, Account.id == Post.account_id)
        .join(Media, Media.id == Post.media_id)
        .where(Post.task_id == task.id)
        .order_by(Account.username, Post.position)
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def account_tasks_of(session: AsyncSession, task: Task) -> list[AccountTask]:
    rows = await session.scalars(
        select(AccountTask)
        .where(AccountTask.task_id == task.id)
        .order_by(AccountTask.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def stored_posts(session: AsyncSession, task: Task) -> list[Post]:
    rows = await session.scalars(
        select(Post).where(Post.task_id == task.id).order_by(Post.id).execution_options(populate_existing=True)
    )
    return list(rows)


async def only_task(session: AsyncSession) -> Task:
    return (await session.scalars(select(Task))).one()


async def proxies(session: AsyncSession, count: int, **fields: object) -> list[Proxy]:
    made = [
        Proxy(**{"scheme": "http", "host": f"exit-{number}.example", "port": 8080, **fields})
        for number in range(1, count + 1)
    ]
    session.add_all(made)
    await session.flush()
    return made
